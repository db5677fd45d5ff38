"""The root of everything on the wire."""

from __future__ import annotations

import os

from pydantic import BaseModel, ConfigDict

# The library looks for plugins of its own when it builds the first model, which reads what every
# installed package declares: 30 ms of each start. Nobody here has one.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


class Wire(BaseModel):
    """A request or an answer: unknown fields are refused, instances do not change.

    Floats that are not finite are refused too: JSON has no word for them. A model is built by its
    first use: a function has many, and a call needs two or three.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)

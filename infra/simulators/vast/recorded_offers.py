"""Offers from a folder of recorded searches: gzip JSON with `offers_by_model`."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from infra.simulators.vast.model.state import Row


def read(folder: Path) -> list[Row]:
    """The rows of the newest file in `folder`, which is named by its day.

    Raises FileNotFoundError when there is none, TypeError when it holds something else.
    """
    files = sorted(folder.glob("*.json.gz"))
    if not files:
        message = f"no *.json.gz in {folder}"
        raise FileNotFoundError(message)
    document = json.loads(gzip.decompress(files[-1].read_bytes()))
    models = document.get("offers_by_model") if isinstance(document, dict) else None
    if not isinstance(models, dict):
        message = f"{files[-1]} has no offers_by_model"
        raise TypeError(message)
    return [row for rows in models.values() for row in rows]

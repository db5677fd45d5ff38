"""TensorDock's GPU ids (`geforcertx4090-pcie-24gb`) as the names that people and VAST.ai use.

A workspace that wants an `RTX 4090` is to find it at every provider.
"""

from __future__ import annotations

import re

from shared.adapters.market_api.reading import Unreadable
from shared.domain.frozen import dataclass

_ID = re.compile(r"([a-z0-9]+)-(pcie|sxm\d?|nvl)-(\d{1,4})gb")
_FAMILY = re.compile(r"(?:geforce)?(rtx|gtx)?(?:(\d{3,4})(ti|super|ada)?|([a-z]\d{1,4}[a-z]?))")
_MIB_PER_GIB = 1024
# Where VAST.ai tells the forms of one model apart, and how.
_BY_FORM = {
    ("a100", "pcie"): "A100 PCIE",
    ("a100", "sxm4"): "A100 SXM4",
    ("h100", "pcie"): "H100 PCIE",
    ("h100", "nvl"): "H100 NVL",
    ("h100", "sxm5"): "H100 SXM",
    ("teslav100", "pcie"): "Tesla V100",
    ("teslav100", "sxm2"): "Tesla V100",
    ("v100", "pcie"): "Tesla V100",
    ("v100", "sxm2"): "Tesla V100",
    ("teslat4", "pcie"): "Tesla T4",
}


@dataclass(frozen=True, slots=True)
class Gpu:
    name: str
    memory_mib: int


def gpu_of(v0_name: str) -> Gpu:
    """Raises Unreadable for an id that is not of the known form: model, form and memory."""
    found = _ID.fullmatch(v0_name.lower())
    if found is None:
        raise Unreadable("the GPU's id is not of a form that we know")
    model, form, memory_gb = found.groups()
    return Gpu(_BY_FORM.get((model, form)) or _name(model), int(memory_gb) * _MIB_PER_GIB)


def _name(model: str) -> str:
    """`geforcertx4090` is `RTX 4090`, `rtxa6000` is `RTX A6000`, `l40s` is `L40S`."""
    found = _FAMILY.fullmatch(model)
    if found is None:
        return model.upper()
    series, number, suffix, letter_number = found.groups()
    words = [series.upper()] if series else []
    if letter_number:
        return " ".join([*words, letter_number.upper()])
    if suffix == "ada":
        return " ".join([*words, f"{number}Ada"])
    return " ".join([*words, number, *([_SUFFIXES[suffix]] if suffix else [])])


_SUFFIXES = {"ti": "Ti", "super": "S"}

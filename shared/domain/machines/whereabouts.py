"""Where a machine says that it runs, held against the contract that we know. Pure.

The variables of a container are written by the provider's images, in more than one form, and by
whoever made the user's image. What cannot be read proves nothing, least of all a duplicate.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.domain.ids import ContractId

# `12345`, `C.12345` (VAST_CONTAINERLABEL), `C12345`. Twelve digits may be a docker id.
_NUMBER = re.compile(r"(?:c\.?)?0*([0-9]{1,10})", re.IGNORECASE | re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_elsewhere(told: str, bound: ContractId | None) -> bool:
    """It names another contract than `bound`, in a form that we know for certain."""
    if bound is None:
        return False
    for form in (_number, _uuid):
        here, there = form(bound), form(told)
        if here is not None and there is not None:
            return here != there
    return False


def _number(text: str) -> str | None:
    found = _NUMBER.fullmatch(text.strip())
    return found.group(1) if found else None


def _uuid(text: str) -> str | None:
    lowered = text.strip().lower()
    return lowered if _UUID.fullmatch(lowered) else None

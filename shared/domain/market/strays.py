"""When not to trust our own sweep. Pure."""

from __future__ import annotations

ALWAYS_ALLOWED = 2
SHARE_ALLOWED = 0.2


def too_many(strays: int, listed: int) -> bool:
    """Rule 9: more than max(2, 20 % of the listing) means that our own documents are lost."""
    return strays > max(ALWAYS_ALLOWED, SHARE_ALLOWED * listed)

"""Which keys a document can have: those of Firestore, so that both stores agree."""

from __future__ import annotations

import re
from functools import lru_cache

from shared.domain.errors import Invalid

_LONGEST_KEY_BYTES = 1500
_RESERVED = re.compile(r"__.*__", re.DOTALL)


@lru_cache(maxsize=8192)  # the same documents are read and written again and again
def is_possible(key: str) -> bool:
    """Whether any document can have this key; a reader of an impossible one finds nothing."""
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        return False
    return (
        0 < size <= _LONGEST_KEY_BYTES
        and "/" not in key
        and "\0" not in key
        and key not in {".", ".."}
        and not _RESERVED.fullmatch(key)
    )


def require_possible(key: str) -> str:
    """The key. Raises Invalid when no document can have it."""
    if not is_possible(key):
        raise Invalid(f"{key!r} cannot be a document's key")
    return key

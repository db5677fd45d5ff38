"""Which keys an object can have: those that Cloud Storage, a file path and a URL all bear."""

from __future__ import annotations

from shared.domain.errors import Invalid

_LONGEST_KEY_BYTES = 1024  # Cloud Storage's
_FORBIDDEN = frozenset("\0\r\n")


def require_key(key: str) -> str:
    """The key. Raises Invalid for one with an empty, `.` or `..` segment, or too long."""
    segments = key.split("/")
    if any(segment in {"", ".", ".."} for segment in segments) or _FORBIDDEN & set(key):
        raise Invalid(f"{key!r} cannot be an object's key")
    if _size(key) > _LONGEST_KEY_BYTES:
        raise Invalid(f"an object's key has at most {_LONGEST_KEY_BYTES} bytes")
    return key


def require_prefix(prefix: str) -> str:
    """The prefix of a grant. It ends in `/`, so that `inst_1` never opens `inst_10`."""
    if not prefix.endswith("/"):
        raise Invalid(f"the prefix {prefix!r} does not end in a slash")
    require_key(prefix[:-1])
    return prefix


def require_range(start: int, length: int | None) -> None:
    if start < 0 or (length is not None and length < 0):
        raise Invalid("a range of bytes cannot be negative")


def _size(key: str) -> int:
    try:
        return len(key.encode())
    except UnicodeEncodeError as error:
        raise Invalid("an object's key is not text") from error

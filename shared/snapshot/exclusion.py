"""Which paths a backup leaves out."""

from __future__ import annotations

import fnmatch
import re


class Exclusion:
    """Patterns in the manner of fnmatch, case-sensitive; see BackupTarget for what they match."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._paths = _any_of([pattern for pattern in patterns if "/" in pattern])
        self._names = _any_of([pattern for pattern in patterns if "/" not in pattern])

    def covers(self, path: bytes) -> bool:
        """Whether the path's last name, or the path as a whole, matches."""
        whole = path.decode("utf-8", "surrogateescape")
        name = whole.rpartition("/")[2]
        return any(
            pattern is not None and pattern.match(subject) is not None
            for pattern, subject in ((self._paths, whole), (self._names, name))
        )


def _any_of(patterns: list[str]) -> re.Pattern[str] | None:
    if not patterns:
        return None
    return re.compile("|".join(f"(?:{fnmatch.translate(pattern)})" for pattern in patterns))

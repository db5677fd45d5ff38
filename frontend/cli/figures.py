"""Numbers and foreign text as people read them. An unknown value is a dash."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

UNKNOWN = "-"
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def plain(text: str | None) -> str:
    """Foreign text without anything that a terminal would obey."""
    if not text:
        return UNKNOWN
    return "".join(
        char if char == "\t" or unicodedata.category(char)[0] != "C" else " " for char in text
    )


def usd(amount: float | None, *, digits: int = 2) -> str:
    return UNKNOWN if amount is None else f"${amount:,.{digits}f}"


def number(value: float | None, unit: str = "") -> str:
    """Without decimals when there are none."""
    if value is None:
        return UNKNOWN
    return f"{value:.0f}{unit}" if value >= 100 or value == int(value) else f"{value:.1f}{unit}"


def size(count: int | None) -> str:
    """Bytes in the largest binary unit that leaves a number above one."""
    if count is None:
        return UNKNOWN
    value, unit = float(count), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{count} B"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return UNKNOWN
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def moment(at: datetime | None) -> str:
    """In the reader's own time zone, to the second."""
    return UNKNOWN if at is None else f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def share(value: float | None) -> str:
    """A part between 0 and 1 as a percentage."""
    return UNKNOWN if value is None else f"{value * 100:.1f}%"

"""Five fields that name moments: minute, hour, day of month, month, day of week. Pure.

As crontab(5): `*`, numbers, ranges, lists and steps; names of months and days; 7 is Sunday too.
Where both days are restricted, either is enough.
"""

from __future__ import annotations

from functools import lru_cache

from shared.domain.errors import Invalid
from shared.domain.frozen import dataclass

LONGEST = 120
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_NAMES = {
    "month": {name: index + 1 for index, name in enumerate(_MONTHS)},
    "weekday": {name: index for index, name in enumerate(_DAYS)},
}
SUNDAY = 7


@dataclass(frozen=True, slots=True)
class Cron:
    """Sets of numbers; `weekdays` counts from Sunday, 0."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    def on(self, month: int, day: int, weekday: int) -> bool:
        """Whether it names a moment of this day."""
        if month not in self.months:
            return False
        if self.either_day:
            return day in self.days or weekday in self.weekdays
        return day in self.days and weekday in self.weekdays


@lru_cache(maxsize=256)
def parse(text: str, pointer: str = "") -> Cron:
    """Raises Invalid with what is wrong."""
    fields = text.split()
    if len(text) > LONGEST or len(fields) != len(_FIELDS):
        raise Invalid("five fields: minute, hour, day of month, month, day of week", pointer)
    minutes, hours, days, months, weekdays = (
        _numbers(field, *bounds, pointer) for field, bounds in zip(fields, _FIELDS, strict=True)
    )
    return Cron(
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=days,
        months=months,
        weekdays=frozenset(each % SUNDAY for each in weekdays),
        either_day=not fields[2].startswith("*") and not fields[4].startswith("*"),
    )


def _numbers(field: str, what: str, lowest: int, highest: int, pointer: str) -> frozenset[int]:
    found: set[int] = set()
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        first, last = _span(span, what, lowest, highest, pointer, open_ended=bool(step))
        by = _number(step, what, 1, highest, pointer) if "/" in part else 1
        found |= set(range(first, last + 1, by))
    return frozenset(found)


def _span(
    span: str, what: str, lowest: int, highest: int, pointer: str, *, open_ended: bool
) -> tuple[int, int]:
    if span == "*":
        return lowest, highest
    begin, dash, end = span.partition("-")
    first = _number(begin, what, lowest, highest, pointer)
    if not dash:
        return first, highest if open_ended else first
    last = _number(end, what, lowest, highest, pointer)
    if last < first:
        raise Invalid(f"{what}: {span} runs backwards", pointer)
    return first, last


def _number(text: str, what: str, lowest: int, highest: int, pointer: str) -> int:
    named = _NAMES.get(what, {}).get(text)
    if named is not None:
        return named
    if not (text.isascii() and text.isdigit() and lowest <= int(text[:4]) <= highest):
        raise Invalid(f"{what}: {text[:20]!r} is not {lowest} to {highest}", pointer)
    return int(text)

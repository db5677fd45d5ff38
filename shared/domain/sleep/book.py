"""What one owner's instances taught about rest and sleep: bounded, a few bytes a spell. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.ids import InstanceId, UserId
from shared.domain.replacing import replace
from shared.domain.sleep.spells import Spell

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_SPELLS = 2000  # of all instances; about two days of the busiest, months of one used by hand
MOST_NAPS = 500
SAME_S = 5  # a spell that is told twice is timed by two beats


@dataclass(frozen=True, slots=True)
class Record:
    """One instance's spells, side by side: epoch seconds, seconds, and whether it slept."""

    instance_id: InstanceId
    began_s: tuple[int, ...] = ()
    idle_s: tuple[int, ...] = ()
    slept: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Nap:
    """Asleep without a machine. `rate` is what the one before cost, micro-USD per hour, 0 where
    nobody knows.
    """

    instance_id: InstanceId
    began: datetime
    ended: datetime
    rate: int

    @property
    def hours(self) -> float:
        return max(0.0, (self.ended - self.began).total_seconds()) / 3600


@dataclass(frozen=True, slots=True)
class SleepBook:
    """The newest spells and naps; older ones are forgotten."""

    owner: UserId
    records: tuple[Record, ...] = ()
    naps: tuple[Nap, ...] = ()


def spells_of(book: SleepBook) -> list[Spell]:
    """In the order in which they ended."""
    found = [
        Spell(record.instance_id, datetime.fromtimestamp(began, UTC), float(idle), slept)
        for record in book.records
        for began, idle, slept in zip(record.began_s, record.idle_s, record.slept, strict=True)
    ]
    return sorted(found, key=lambda each: each.ended_s)


def with_spells(book: SleepBook, told: Iterable[Spell]) -> SleepBook:
    """One that overlaps a known spell of its instance is that spell, told again."""
    known = spells_of(book)
    for spell in told:
        if not any(_same(spell, each) for each in known):
            known.append(spell)
    kept = sorted(known, key=lambda each: each.ended_s)[-MOST_SPELLS:]
    return replace(book, records=_records(kept))


def with_nap(book: SleepBook, nap: Nap) -> SleepBook:
    if any((each.instance_id, each.began) == (nap.instance_id, nap.began) for each in book.naps):
        return book
    return replace(book, naps=(*book.naps, nap)[-MOST_NAPS:])


def _same(spell: Spell, known: Spell) -> bool:
    if spell.instance_id != known.instance_id:
        return False
    slack = timedelta(seconds=SAME_S)
    ends, known_ends = (each.began + timedelta(seconds=each.idle_s) for each in (spell, known))
    return spell.began < known_ends - slack and known.began < ends - slack


def _records(spells: Iterable[Spell]) -> tuple[Record, ...]:
    by_instance: dict[InstanceId, list[Spell]] = {}
    for spell in spells:
        by_instance.setdefault(spell.instance_id, []).append(spell)
    return tuple(
        Record(
            instance_id,
            tuple(round(each.began.timestamp()) for each in mine),
            tuple(round(each.idle_s) for each in mine),
            tuple(each.slept for each in mine),
        )
        for instance_id, mine in by_instance.items()
    )

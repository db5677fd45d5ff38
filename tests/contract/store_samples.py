"""The documents that the store's suite keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.ports.store import Collection, Document, Query, Where
from tests.fakes.clock import START


class Mood(StrEnum):
    CALM = "calm"
    WILD = "wild"


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Thing:
    owner: str
    rank: int = 0
    at: datetime = START
    mood: Mood = Mood.CALM
    tags: tuple[str, ...] = ()
    moods: frozenset[Mood] = frozenset()
    pairs: tuple[tuple[int, int], ...] = ()
    part: Part | None = None
    parts: Mapping[str, Part] | None = None
    note: str | None = None
    ratio: float = 0.5
    done: bool = False


@dataclass(frozen=True, slots=True)
class NewThing:
    """What a later release made of Thing."""

    owner: str
    rank: int
    weight: int


@dataclass(frozen=True, slots=True)
class Tally:
    seen: int = 0
    sent: int = 0


@dataclass(frozen=True, slots=True)
class Lock:
    holder: str
    until: datetime | None


def weigh(document: Document) -> Document:
    return {**document, "weight": document["rank"] * 2}


THINGS = Collection("things", Thing)
NEW_THINGS = Collection("things", NewThing, schema=2, upcasters=(weigh,))
LATER_THINGS = Collection("things", Thing, schema=2, upcasters=(dict,))
TALLIES = Collection("tallies", Tally)
LOCKS = Collection("locks", Lock, expires="until")

ALL_THINGS = Query("all_things", THINGS)
ALL_NEW_THINGS = Query("all_new_things", NEW_THINGS)
BY_OWNER = Query("by_owner", THINGS, (Where("owner", "==", "owner"),))
BY_OWNER_NEWEST = Query(
    "by_owner_newest", THINGS, (Where("owner", "==", "owner"),), (("at", "desc"),)
)
BY_RANK_AND_TIME = Query("by_rank_and_time", THINGS, (), (("rank", "asc"), ("at", "desc")))
BY_NOTE = Query("by_note", THINGS, (), (("note", "asc"),))
BY_NOTE_DOWN = Query("by_note_down", THINGS, (), (("note", "desc"),))
WITHOUT_NOTE = Query("without_note", THINGS, (Where("note", "==", "note"),))
DUE = Query("due", THINGS, (Where("owner", "==", "owner"), Where("at", "<=", "now")))
RANKED = Query("ranked", THINGS, (Where("rank", ">", "low"), Where("rank", "<", "high")))
TAGGED = Query("tagged", THINGS, (Where("tags", "contains", "tag"),))
OWNED_BY_ANY = Query("owned_by_any", THINGS, (Where("owner", "in", "owners"),))
DONE = Query("done", THINGS, (Where("done", "==", "done"),))
HELD = Query("held", LOCKS)
HELD_BY = Query("held_by", LOCKS, (Where("holder", "==", "holder"),))

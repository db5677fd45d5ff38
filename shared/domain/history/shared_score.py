"""What everybody's launches say of a machine, without saying whose they were. Pure.

A score is made only of enough users and launches that no one of them can be told from it, and a
user appears in the marks as a word that differs from machine to machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.history.book import machine_key
from shared.domain.history.marks import KEPT, MachineRecord
from shared.domain.history.verdict import Block, BlockSource, automatic_block, judged
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shared.domain.history.marks import Mark
    from shared.domain.ids import UserId

LEAST_USERS = 3
LEAST_ATTEMPTS = 5
LEAST_WHO_FAILED = 2  # no user's trouble alone hides a machine from all the others
# Firestore writes at most 40,000 index entries for a document: two for each of a score's 13 values.
MOST_SCORES = 1000
_WORD_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class SharedRecord:
    """One machine's marks of all users."""

    record: MachineRecord
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SharedScore:
    """`attempts` were ready or failed; `lost` of those that were ready were lost later."""

    provider: str
    machine_id: str
    gpu_name: str
    geolocation: str | None
    attempts: int
    ready: int
    lost: int
    last_at: datetime
    block: Block | None


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """Every score by `machine_key`: one read for a whole market.

    `read_until` is when attempts were last read into it.
    """

    scores: Mapping[str, SharedScore] = field(default_factory=dict)
    read_until: datetime | None = None

    def with_scores(
        self, changed: Mapping[str, SharedScore | None], read_until: datetime, now: datetime
    ) -> Scoreboard:
        """With these in place of what was known of their machines; without what is long past."""
        merged: dict[str, SharedScore] = {
            key: each for key, each in self.scores.items() if key not in changed
        }
        merged.update({key: each for key, each in changed.items() if each is not None})
        recent = [each for each in merged.values() if each.last_at > now - KEPT]
        newest = sorted(recent, key=lambda each: each.last_at, reverse=True)[:MOST_SCORES]
        scores = {machine_key(each.provider, each.machine_id): each for each in newest}
        return replace(self, scores=scores, read_until=read_until)


def word_for(owner: UserId, provider: str, machine_id: str) -> str:
    """The same for one user on one machine, and unlike their word on any other."""
    text = f"{provider}/{machine_id}/{owner}"
    return hashlib.sha256(text.encode()).hexdigest()[:_WORD_CHARACTERS]


def score_of(record: MachineRecord, now: datetime) -> SharedScore | None:
    """None while too few users or launches stand behind it."""
    marks = record.marks
    if len(marks) < LEAST_ATTEMPTS or len(_users(each.by for each in marks)) < LEAST_USERS:
        return None
    return SharedScore(
        provider=record.provider,
        machine_id=record.machine_id,
        gpu_name=record.gpu_name,
        geolocation=record.geolocation,
        attempts=len(marks),
        ready=sum(not each.failed for each in marks),
        lost=sum(each.lost_at is not None for each in marks),
        last_at=marks[-1].ended_at,
        block=_block(marks, now),
    )


def _block(marks: Sequence[Mark], now: datetime) -> Block | None:
    """What is judged is of as many users as the score, or it would be one user's tale."""
    window = judged(marks)
    failed = _users(each.by for each in window if each.failed)
    if len(_users(each.by for each in window)) < LEAST_USERS or len(failed) < LEAST_WHO_FAILED:
        return None
    return automatic_block(marks, now, BlockSource.SHARED)


def _users(words: Iterable[str]) -> set[str]:
    return {each for each in words if each}

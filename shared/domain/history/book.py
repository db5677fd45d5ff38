"""All that one user knows of machines, in one document: read once for a whole market. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING

from shared.domain.errors import Conflicting, Invalid
from shared.domain.frozen import dataclass
from shared.domain.history.marks import KEPT, MachineRecord, with_attempt
from shared.domain.history.verdict import Block, BlockSource, automatic_block
from shared.domain.ids import UserId
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from shared.domain.history.attempt import Attempt

# A document holds 1 MiB, and Firestore writes at most 40,000 index entries for one: two for each
# value, also within a map, and one for each element of a list. A machine with one mark takes 11.
MOST_MARKS = 2000
MOST_BLOCKS = 500
MOST_PARDONS = 500
_PROVIDER = re.compile(r"[a-z0-9_-]{1,32}")
_MACHINE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass(frozen=True, slots=True)
class MachineBook:
    """By `machine_key`: what launches showed, whom the user blocked, and whom they trust again.

    What happened up to a pardon no longer counts against its machine.
    """

    owner: UserId
    records: Mapping[str, MachineRecord] = field(default_factory=dict)
    blocks: Mapping[str, Block] = field(default_factory=dict)
    pardons: Mapping[str, datetime] = field(default_factory=dict)

    def record(self, provider: str, machine_id: str) -> MachineRecord:
        """Empty for a machine that nothing is known of."""
        known = self.records.get(machine_key(provider, machine_id))
        return known or MachineRecord(provider, machine_id)

    def with_attempt(self, attempt: Attempt) -> MachineBook:
        before = self.record(attempt.provider, attempt.machine_id)
        after = with_attempt(before, attempt)
        if after == before:
            return self
        key = machine_key(attempt.provider, attempt.machine_id)
        return replace(self, records=_bounded({**self.records, key: after}, attempt.told_at))

    def blocked(self, key: str, block: Block, now: datetime) -> MachineBook:
        """The user's own word; it replaces an earlier one. Raises Conflicting for too many."""
        standing = {name: each for name, each in self.blocks.items() if each.holds(now)}
        standing[key] = block
        if len(standing) > MOST_BLOCKS:
            raise Conflicting(f"at most {MOST_BLOCKS} machines can be blocked at a time")
        return replace(self, blocks=standing)

    def pardoned(self, key: str, now: datetime) -> MachineBook:
        """No longer blocked, by the user's word or by what happened until now."""
        blocks = {name: each for name, each in self.blocks.items() if name != key}
        pardons = {name: at for name, at in self.pardons.items() if at > now - KEPT} | {key: now}
        newest = sorted(pardons.items(), key=lambda each: each[1], reverse=True)[:MOST_PARDONS]
        return replace(self, blocks=blocks, pardons=dict(newest))

    def block(self, provider: str, machine_id: str, now: datetime) -> Block | None:
        """The user's own word goes before what launches showed."""
        key = machine_key(provider, machine_id)
        manual = self.blocks.get(key)
        if manual and manual.holds(now):
            return manual
        record, pardoned_at = self.records.get(key), self.pardons.get(key)
        if record is None:
            return None
        counted = [
            each for each in record.marks if pardoned_at is None or each.ended_at > pardoned_at
        ]
        return automatic_block(counted, now)


def machine_key(provider: str, machine_id: str) -> str:
    """One word for a machine; a provider's name holds no slash."""
    return f"{provider}/{machine_id}"


def require_machine(provider: str, machine_id: str) -> None:
    """Raises Invalid for what no provider and no machine is called."""
    if not _PROVIDER.fullmatch(provider):
        raise Invalid("a provider is named by up to 32 small letters", "/provider")
    if not _MACHINE_ID.fullmatch(machine_id):
        raise Invalid("a machine id has up to 64 letters, digits, or any of . _ : -", "/machine_id")


def manual_block(reason: str, now: datetime, until: datetime | None) -> Block:
    return Block(BlockSource.MANUAL, reason, now, until)


def _bounded(records: Mapping[str, MachineRecord], now: datetime) -> dict[str, MachineRecord]:
    """Without machines that nothing was heard of for long, the longest unheard going first."""
    newest_first = sorted(
        (
            (each.last_at, key)
            for key, each in records.items()
            if each.last_at is not None and each.last_at > now - KEPT
        ),
        reverse=True,
    )
    kept: dict[str, MachineRecord] = {}
    marks = 0
    for _, key in newest_first:
        marks += len(records[key].marks)
        if marks > MOST_MARKS:
            break
        kept[key] = records[key]
    return kept

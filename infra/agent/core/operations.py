"""Commands: each id is carried out once, one long piece of work at a time.

A drain freezes first and snapshots then; when it succeeds the user's processes stay frozen
until `thaw` or the machine's end, when it fails they are thawed. Whatever was begun has exactly
one outcome event, whose id is made from the command's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.agent.core.facts import CancelWork, Freeze, TakeSnapshot, Thaw
from shared.agent_wire.messages import (
    DRAIN,
    DRAINING,
    EVENT_SNAPSHOT_DONE,
    EVENT_SNAPSHOT_FAILED,
    POLICY,
    READY,
    RENEW,
    SNAPSHOT,
    THAW,
    Command,
    Plan,
    SnapshotDone,
    Usage,
)

if TYPE_CHECKING:
    from infra.agent.core.desk import Desk

COMMANDS_REMEMBERED = 1000


class Operations:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._given_up = ""

    def settle_last_life(self) -> None:
        """Give an outcome to what the agent's last life took over and did not finish."""
        memory = self._desk.memory
        for command in memory.waiting:
            self._failed(command, "the agent was restarted before it began")
        left = memory.operation
        if left is not None and self._outcome_is_spooled(left):
            self._desk.remember(operation=None, waiting=(), drained=left.kind == DRAIN)
            return
        if left is not None:
            self._failed(left, "the agent was restarted before the end")
        if memory.frozen_by and not memory.drained:
            self._desk.do(Thaw())
            self._desk.remember(frozen_by="")
        if left is not None or memory.waiting:
            self._desk.remember(operation=None, waiting=())

    def take(self, command: Command, now: float) -> None:
        """Carry the command out unless that was done before; acknowledge it in any case."""
        desk = self._desk
        desk.heart.acknowledge(command.id, now, at_leisure=command.at_leisure)
        if command.id in desk.memory.taken:
            return
        if command.kind == THAW:  # before it is remembered: thawing twice is harmless
            self._give_up_drains(now)
        taken = (*desk.memory.taken, command.id)[-COMMANDS_REMEMBERED:]
        if command.kind in {SNAPSHOT, DRAIN}:
            desk.remember(taken=taken, waiting=(*desk.memory.waiting, command))
            self.start_next(now)
            return
        desk.remember(taken=taken)
        if command.kind == POLICY and command.idle is not None:
            desk.judge.set_policy(command.idle, now)
        elif command.kind == RENEW:
            desk.heart.renew(now)

    def start_next(self, now: float) -> None:
        desk = self._desk
        while desk.memory.waiting and desk.memory.operation is None:
            command, *rest = desk.memory.waiting
            if desk.plan is None or desk.phase not in {READY, DRAINING}:
                self._failed(command, f"the workspace is not there ({desk.phase})")
                desk.remember(waiting=tuple(rest))
            else:
                self._start(command, tuple(rest), desk.plan, now)

    def frozen(self, command: Command, now: float) -> None:
        """Every process of the user stands still."""
        desk = self._desk
        if desk.memory.operation != command:
            return
        if self._given_up == command.id or desk.plan is None:
            self.failed(command, "the drain was given up", now)
            return
        desk.enter(DRAINING)
        desk.heart.renew(now)  # judged once more: the verdict as of the freeze goes out at once
        desk.do(TakeSnapshot(command, desk.plan))

    def done(self, command: Command, done: SnapshotDone, usage: Usage, now: float) -> None:
        desk = self._desk
        if desk.memory.operation != command:
            return
        if self._given_up == command.id:
            self.failed(command, "the drain was given up", now)
            return
        desk.tell(
            EVENT_SNAPSHOT_DONE,
            event_id=_outcome_id(command),
            snapshot_id=done.snapshot_id,
            snapshot=done,
            usage=usage,
            seconds=done.seconds,
        )
        if command.kind == DRAIN:
            desk.remember(drained=True)
        self._end(now)

    def failed(self, command: Command, reason: str, now: float) -> None:
        """A freeze or a snapshot did not come to its end."""
        desk = self._desk
        if desk.memory.operation != command:
            return
        self._failed(command, reason)
        if command.kind == DRAIN:
            self._thaw(now)
        self._end(now)

    def _start(self, command: Command, rest: tuple[Command, ...], plan: Plan, now: float) -> None:
        desk = self._desk
        self._given_up = ""
        desk.progress = 0.0
        if command.kind == DRAIN:
            desk.remember(operation=command, waiting=rest, frozen_by=command.id, drained=False)
            desk.do(Freeze(command))
        else:
            desk.remember(operation=command, waiting=rest)
            desk.do(TakeSnapshot(command, plan))
        desk.heart.set_operating(now, operating=not command.at_leisure)

    def _give_up_drains(self, now: float) -> None:
        desk = self._desk
        drains = [each for each in desk.memory.waiting if each.kind == DRAIN]
        for command in drains:
            self._failed(command, "the drain was given up")
        if drains:
            desk.remember(waiting=tuple(each for each in desk.memory.waiting if each not in drains))
        under_way = desk.memory.operation
        if under_way is not None and under_way.kind == DRAIN:
            self._given_up = under_way.id
            desk.do(CancelWork())
        elif desk.memory.frozen_by:
            self._thaw(now)

    def _thaw(self, now: float) -> None:
        desk = self._desk
        desk.do(Thaw())
        desk.remember(frozen_by="", drained=False)
        desk.judge.forget("the user's processes were just thawed", now)
        if desk.phase == DRAINING:
            desk.enter(READY)

    def _end(self, now: float) -> None:
        self._desk.remember(operation=None)
        self._desk.progress = None
        self._given_up = ""
        self._desk.heart.set_operating(now, operating=False)
        self.start_next(now)

    def _failed(self, command: Command, reason: str) -> None:
        self._desk.tell(
            EVENT_SNAPSHOT_FAILED,
            event_id=_outcome_id(command),
            snapshot_id=command.snapshot_id,
            message=reason,
        )

    def _outcome_is_spooled(self, command: Command) -> bool:
        return any(
            event.id == _outcome_id(command) and event.kind == EVENT_SNAPSHOT_DONE
            for event in self._desk.boot.spooled
        )


def _outcome_id(command: Command) -> str:
    return f"{command.id}.end"

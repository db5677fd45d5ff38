"""The agent's long work: the plan's snapshot onto the disk, every byte compared on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.machines.hello import hello
from shared.domain.errors import BlobError, BlobMissing, BlobRefused, SnapshotCorrupt
from tests.simulation.images import pack_of, work_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.agent.core.facts import Failure
    from shared.agent_wire import messages as wire
    from tests.simulation.machines.life import Life

ATTEMPTS = 6
AGAIN_S = 2.0
TAKES_S = (1.0, 30.0)
LET_IN = 0.4  # how many snapshots know what was in use: their user is let in before the last file


class Restoring:
    def __init__(self, life: Life, plan: wire.Plan) -> None:
        self._life = life
        self._host = life.host
        self._plan = plan
        self._attempts = 0
        self.is_cancelled = False

    def begin(self) -> None:
        if self._plan.restore is None:
            self._host.left_as_it_was()
            self._life.later(0.1, "empty", lambda now: self._life.core.restored(0, 0, 0.1, now))
            return
        self._life.world.later(self._host.chance.uniform(*TAKES_S), "restore", self._read)

    def _read(self) -> None:
        host, life, restore = self._host, self._life, self._plan.restore
        if life.is_dead or restore is None:
            return
        if host.is_suspended:
            host.held.append(self._read)
            return
        if life.world.faults.strikes("restore_fails", "machine.restore"):
            self._fail("the disk is full")
            return
        try:
            host.link.reach_the_store()
            manifest = host.blobs.read_with(restore.grant.token, restore.manifest_key)
            pack = host.blobs.read_with(restore.grant.token, pack_of(manifest).key)
            content = work_in(manifest, pack)
        except (BlobMissing, SnapshotCorrupt) as error:
            self._fail(f"{type(error).__name__}: {error}")
        except BlobRefused:
            self._retry(self._ask_for_a_fresh_grant)
        except BlobError:
            self._retry(self._read)
        else:
            host.received(len(pack))
            host.filled(restore.snapshot_id, content)
            if host.chance.random() < LET_IN:
                life.hear(lambda now: life.core.usable(1, len(pack), 1.0, now))
                life.world.later(host.chance.uniform(*TAKES_S), "the rest", self._end)
            else:
                self._end()

    def _end(self) -> None:
        """Nothing that its user has written since he was let in is replaced by the rest."""
        life = self._life
        life.hear(lambda now: life.core.restored(2, 0, 2.0, now))

    def _ask_for_a_fresh_grant(self) -> None:
        request = self._host.introduction()

        def answered(answer: wire.HelloAnswer) -> None:
            if answer.plan is None or answer.plan.restore is None:
                self._fail("nothing is to be restored any more")
                return
            self._plan = answer.plan
            self._read()

        def failed(failure: Failure) -> None:
            self._retry(self._ask_for_a_fresh_grant)

        self._host.link.ask(
            "machine.hello", lambda services: hello(services, request), answered, failed
        )

    def _retry(self, again: Callable[[], None]) -> None:
        self._attempts += 1
        if self._attempts >= ATTEMPTS:
            self._fail("the store does not answer")
        else:
            self._life.world.later(AGAIN_S, "restore again", again)

    def _fail(self, reason: str) -> None:
        self._life.hear(lambda now: self._life.core.restore_failed(reason, now))

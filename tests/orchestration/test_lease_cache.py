"""A process that wrote a lease last renews it without reading it: never against anybody who has
written it since.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.agent_wire import messages as wire
from shared.app.collections import LEASES
from shared.app.incarnation import incarnation_of
from shared.app.instances.save import save
from shared.app.instances.scene import load
from shared.app.machines.beat import beat
from shared.app.machines.lease_cache import MOST, LeaseCache
from shared.domain.instances.model import InstanceState
from shared.domain.instances.transitions import let_go
from shared.domain.machines.lease import ERRAND_COMES_WITHIN
from shared.domain.machines.tokens import MachineToken
from shared.ports.counting import counted
from shared.ports.store import Stored, Version
from tests.fakes.clock import START
from tests.orchestration.cloud import Cloud, Process
from tests.orchestration.fate import CrashAt
from tests.orchestration.orders import create, until_state

if TYPE_CHECKING:
    from shared.domain.machines.lease import AgentLease

BUSY = wire.AgentStatus(phase=wire.READY, idle=wire.Idleness(wire.BUSY, 0.0), boot_id="boot-1")


class Machine:
    """It beats at whichever of two processes is named."""

    def __init__(self) -> None:
        self.cloud = cloud = Cloud()
        self.id = create(cloud, 1)
        until_state(cloud, self.id, InstanceState.RUNNING)
        instance = cloud.instance(self.id)
        assert instance.primary
        ends = cloud.clock.now() + timedelta(hours=1)
        self.token = MachineToken(instance.primary, self.id, instance.epoch, ends)
        self.here, self.there = (Process(cloud, CrashAt(None)) for _ in range(2))
        self.receipt = ""
        self.seq = 100

    def renew(self, process: Process, *, news: bool = False) -> tuple[str, int, int]:
        """The answer's status, and what it read and wrote."""
        self.cloud.clock.advance(self.cloud.settings.lease_renewal_s)
        process.command_index.read()
        self.seq += news
        with counted() as counts:
            answer = beat(
                process,
                self.token,
                wire.HeartbeatRequest(
                    state_seq=self.seq,
                    clock=0.0,
                    receipt="" if news else self.receipt,
                    status=BUSY if news else None,
                ),
            )
        self.receipt = answer.receipt
        return answer.status, counts.reads, counts.writes

    def have_next_errand(self, after: timedelta) -> None:
        """As who writes one says when the next is due."""
        stored = self.cloud.store.get(LEASES, self.token.rental_id)
        assert stored
        later = replace(stored.value, next_errand_at=self.cloud.clock.now() + after)
        self.cloud.store.save(LEASES, stored.key, later, stored.version)

    @property
    def lease(self) -> AgentLease:
        stored = self.cloud.store.get(LEASES, self.token.rental_id)
        assert stored
        return stored.value


def test_a_renewal_at_the_process_that_wrote_last_reads_nothing() -> None:
    machine = Machine()
    machine.renew(machine.here, news=True)

    assert machine.renew(machine.here) == (wire.OK, 0, 1)
    assert machine.renew(machine.here, news=True) == (wire.OK, 0, 1)
    assert machine.lease.seen_at == machine.cloud.clock.now()


def test_about_the_time_of_an_errand_it_is_read_and_no_write_refused() -> None:
    machine = Machine()
    machine.renew(machine.here, news=True)
    machine.have_next_errand(timedelta(seconds=300))
    machine.renew(machine.here)

    assert machine.renew(machine.here) == (wire.OK, 1, 1)
    machine.have_next_errand(timedelta(hours=1))
    assert machine.renew(machine.here) == (wire.OK, 1, 1)
    assert machine.renew(machine.here) == (wire.OK, 0, 1)


def test_an_errand_that_never_comes_is_not_looked_for_for_ever() -> None:
    machine = Machine()
    machine.renew(machine.here, news=True)
    machine.have_next_errand(-ERRAND_COMES_WITHIN)
    machine.renew(machine.here)

    assert machine.renew(machine.here) == (wire.OK, 0, 1)


def test_a_receipt_of_another_process_is_a_reason_to_read_and_proves_nothing_lost() -> None:
    machine = Machine()
    machine.renew(machine.here, news=True)
    machine.renew(machine.there)
    life = incarnation_of(machine.cloud.services).id

    assert machine.renew(machine.here) == (wire.OK, 1, 1)
    assert incarnation_of(machine.cloud.services).id == life


def test_news_against_what_another_process_wrote_is_written_on_top_of_it() -> None:
    machine = Machine()
    machine.renew(machine.here, news=True)
    machine.renew(machine.there, news=True)

    status, reads, writes = machine.renew(machine.here, news=True)

    assert (status, reads, writes) == (wire.OK, 1, 1)
    assert machine.lease.state_seq == machine.seq


def test_a_machine_that_was_fenced_meanwhile_is_told_so() -> None:
    machine = Machine()
    machine.renew(machine.here, news=True)
    loaded = load(machine.there, machine.id)
    assert loaded
    save(machine.there, loaded, let_go(loaded.instance.value, None, machine.cloud.clock.now()))

    assert machine.renew(machine.here)[0] == wire.FENCED
    assert machine.lease.epoch > machine.token.epoch


def test_the_oldest_of_too_many_is_kept_no_longer() -> None:
    machine, cache = Machine(), LeaseCache()
    machine.renew(machine.here, news=True)
    lease = machine.lease
    for number in range(MOST + 1):
        cache.keep(Stored(str(number), lease, Version("1")))

    assert cache.take("0", START) is None
    assert cache.take("1", START) is not None
    assert cache.take("1", START) is None, "whoever takes one is about to write another"

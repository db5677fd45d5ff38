"""The judges of losses and of what came of them, each shown what it is there for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.failover.model import FailoverPolicy, Held, Recovery, Suspicion
from shared.domain.ids import OperationId, RentalId, SnapshotId
from shared.domain.rentals.model import RentalState
from shared.domain.snapshots.model import SnapshotState
from tests.simulation.judge import findings
from tests.simulation.judge.health import PATIENCE_S
from tests.simulation.judged import Judged
from tests.simulation.judged_samples import NOW, enough, its
from tests.unit.instances.samples import ME, SNAP, a_lease, a_snapshot, an_instance

MADE = "1001"


@pytest.fixture
def judged() -> Judged:
    return Judged()


def its_lease(judged: Judged, spoke_s: float, **changes: Any) -> None:
    """Its machine was last heard `spoke_s` after the beginning."""
    judged.claim_lease(replace(a_lease(), seen_at=NOW + timedelta(seconds=spoke_s), **changes))


def cut_off(judged: Judged) -> int:
    """A machine at work that has spoken, and then is cut off for long; its contract's id."""
    contract = judged.rent()
    host = judged.at_work(contract)
    its_lease(judged, judged.world.agenda.now_s)
    judged.claim(an_instance(), its(contract.id))
    judged.claim_budget(enough())
    host.link.part(10_000.0)
    return contract.id


def given_up(judged: Judged, asked_ago_s: float) -> None:
    now = judged.world.clock.now()
    doubt = Suspicion(ME, now - timedelta(seconds=asked_ago_s), "it is silent")
    running = an_instance()
    doubted = replace(running, failover=replace(running.failover, suspicion=doubt))
    judged.claim(doubted)
    recovery = Recovery(OperationId("op_1"), "silent", now, None, None)
    state = replace(running.failover, recovery=recovery)
    judged.claim(replace(doubted, epoch=1, primary=None, failover=state))


def test_a_machine_that_is_given_up_before_it_could_answer_is_found(judged: Judged) -> None:
    cut_off(judged)
    judged.pass_time(1200.0)

    given_up(judged, asked_ago_s=60.0)

    assert judged.found() == {findings.HEALTHY_FAILOVERS: 1}


def test_a_machine_that_its_provider_runs_is_given_up_by_a_long_silence_alone(
    judged: Judged,
) -> None:
    cut_off(judged)
    judged.pass_time(600.0)

    given_up(judged, asked_ago_s=100.0)

    assert judged.found() == {findings.HEALTHY_FAILOVERS: 1}


def test_a_silence_that_nobody_was_there_to_hear_is_none(judged: Judged) -> None:
    cut_off(judged)
    judged.pass_time(3600.0)
    judged.world.there_for_s = 200.0

    given_up(judged, asked_ago_s=100.0)

    assert judged.found() == {findings.HEALTHY_FAILOVERS: 1}


def test_a_machine_that_was_silent_for_long_is_given_up_rightly(judged: Judged) -> None:
    cut_off(judged)
    judged.pass_time(1200.0)

    given_up(judged, asked_ago_s=100.0)

    assert judged.found() == {}


def test_a_machine_that_its_provider_has_lost_is_given_up_sooner(judged: Judged) -> None:
    contract_id = cut_off(judged)
    judged.pass_time(600.0)
    judged.site.befall("host_offline", judged.site.model.contracts[contract_id])

    given_up(judged, asked_ago_s=100.0)

    assert judged.found() == {}


def on_a_dead_machine(judged: Judged, **changes: Any) -> None:
    contract = judged.rent()
    judged.at_work(contract)
    judged.claim(an_instance(head=SNAP, **changes), its(contract.id))
    judged.claim_budget(enough())
    judged.claim(a_snapshot(SnapshotState.BRANCH))
    judged.site.befall("host_death", contract)
    judged.pass_time(PATIENCE_S)


def test_an_instance_that_is_left_on_a_dead_machine_is_found(judged: Judged) -> None:
    on_a_dead_machine(judged)
    assert findings.LEFT_DEAD not in judged.found()

    judged.pass_time(130.0)

    assert judged.found()[findings.LEFT_DEAD] == 1


def test_whose_owner_wants_no_failover_is_left_where_it_is(judged: Judged) -> None:
    on_a_dead_machine(judged, failover_policy=FailoverPolicy(enabled=False))

    judged.pass_time(130.0)

    assert findings.LEFT_DEAD not in judged.found()


def succeeded(judged: Judged, spoke_s: float, **lease: Any) -> None:
    """A lost machine is let go, with a successor that was ready 100 s after the beginning."""
    held = Held(RentalId("rent_0"), NOW, None)
    running = an_instance(ready_at=NOW + timedelta(seconds=100.0))
    holding = replace(running, failover=replace(running.failover, held=(held,)))
    its_lease(judged, spoke_s, **lease)
    judged.claim(holding)
    judged.claim(running)


def test_a_lost_machine_that_goes_before_its_successor_has_spoken_is_found(
    judged: Judged,
) -> None:
    succeeded(judged, 99.0, phase="restoring")

    assert judged.found() == {findings.UNSAFE_RELEASES: 1}


@pytest.mark.parametrize(("spoke_s", "phase"), [(101.0, "restoring"), (99.0, "ready")])
def test_a_lost_machine_may_go_when_its_successor_has_spoken(
    judged: Judged, spoke_s: float, phase: str
) -> None:
    succeeded(judged, spoke_s, phase=phase)

    assert judged.found() == {}


def test_a_head_that_another_than_the_primary_has_written_is_found(judged: Judged) -> None:
    contract = judged.rent()
    judged.take(judged.at_work(contract))
    judged.claim(an_instance(head=SnapshotId("snap_0")), its(contract.id))
    judged.claim_budget(enough())
    late = a_snapshot(SnapshotState.OPEN, parent=SnapshotId("snap_0"), rental_id=RentalId("rent_0"))
    judged.claim(late)
    judged.claim(replace(late, state=SnapshotState.ACKED))

    judged.claim(an_instance(head=SnapshotId("snap_1")))

    assert judged.found() == {findings.BROKEN_CHAINS: 1}


def test_a_machine_of_the_past_that_is_let_write_is_found(judged: Judged) -> None:
    host = judged.at_work(judged.rent())
    judged.claim(an_instance())
    host.when_let_write()()
    assert findings.WRITES_AFTER_FENCE not in judged.found()

    judged.claim(an_instance(epoch=1))
    host.when_let_write()()

    assert judged.found()[findings.WRITES_AFTER_FENCE] == 1


def test_one_that_is_fenced_while_it_asks_is_no_finding(judged: Judged) -> None:
    host = judged.at_work(judged.rent())
    judged.claim(an_instance())
    given = host.when_let_write()

    judged.claim(an_instance(epoch=1))
    given()

    assert findings.WRITES_AFTER_FENCE not in judged.found()


def told_of(judged: Judged, contract_id: str, *, well: bool = True) -> dict[str, int]:
    """A task ends that was told of this contract; its rental is bound to the other one."""
    requests = judged.judge.requests
    judged.claim(replace(its(int(MADE), RentalState.BOOTING), strays=()))
    requests.answered("a task", "dumont/test/rent_1/mac", contract_id)
    requests.ended("a task", well=well)
    return judged.found()


def test_a_contract_that_was_made_and_is_in_no_document_is_found(judged: Judged) -> None:
    assert told_of(judged, "1002") == {findings.FACTS_LOST: 1}


def test_what_is_written_down_or_went_with_its_handler_is_no_finding(judged: Judged) -> None:
    assert told_of(judged, MADE) == {}
    assert told_of(judged, "1002", well=False) == {}

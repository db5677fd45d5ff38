"""The judges of absence, of idleness and of convergence, each shown what it is there for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from shared.domain.billing.limits import AtLimit, Limit, Limits, SpendingLimits
from shared.domain.ids import OperationId, SnapshotId
from shared.domain.instances.idle import IDLE_REASON
from shared.domain.instances.model import Desired, InstanceState
from shared.domain.operations import Operation, OperationKind
from shared.domain.rentals.model import RentalState
from shared.domain.snapshots.model import SnapshotState
from tests.simulation.judge import findings
from tests.simulation.judged import Judged
from tests.simulation.judged_samples import ADA, NOW, enough, its
from tests.simulation.settled import BOOKS_WITHIN_S, VISIBLE_WITHIN_S, Settling
from tests.unit.instances.samples import SNAP, a_lease, a_snapshot, an_instance
from tests.unit.rentals.samples import a_rental

UNKNOWN, GONE = RentalState.UNKNOWN, RentalState.GONE
EVIDENCE_S = 120


@pytest.fixture
def judged() -> Judged:
    return Judged()


def test_a_rental_that_is_called_gone_while_its_contract_stands_is_found(judged: Judged) -> None:
    contract = judged.rent()
    judged.claim(its(contract.id, UNKNOWN))

    judged.claim(its(contract.id, GONE))

    assert judged.found()[findings.GONE_TOO_EARLY] == 1


def test_lists_that_lied_where_nobody_can_tell_excuse_it(judged: Judged) -> None:
    contract = judged.rent()
    judged.claim(its(contract.id, UNKNOWN))
    judged.provider.desk.lies = 2

    judged.claim(its(contract.id, GONE))

    assert findings.GONE_TOO_EARLY not in judged.found()


def test_a_rental_that_is_called_gone_after_its_contract_ended_is_no_finding(
    judged: Judged,
) -> None:
    contract = judged.rent()
    judged.claim(its(contract.id, RentalState.RELEASING))
    judged.order("DELETE", contract)

    judged.claim(its(contract.id, GONE))

    assert findings.GONE_TOO_EARLY not in judged.found()


def put_to_sleep(judged: Judged, *, spoke_s_ago: float) -> None:
    ordered = Operation.begun(OperationId("op_1"), ADA, OperationKind.HIBERNATE, "inst_1", NOW)
    lease = replace(a_lease(), seen_at=NOW - timedelta(seconds=spoke_s_ago))
    awake = an_instance(InstanceState.RUNNING, primary=lease.rental_id)
    judged.claim(awake, ordered)
    judged.claim_lease(lease)

    judged.claim(
        replace(awake, desired=Desired.ASLEEP, state_reason=IDLE_REASON, operation_id=ordered.id)
    )


def test_a_sleep_on_evidence_that_is_too_old_is_found(judged: Judged) -> None:
    put_to_sleep(judged, spoke_s_ago=EVIDENCE_S + 1)

    assert judged.found()[findings.SLEEPS_UNASKED] == 1


def test_a_sleep_on_fresh_evidence_is_no_finding(judged: Judged) -> None:
    put_to_sleep(judged, spoke_s_ago=EVIDENCE_S)

    assert findings.SLEEPS_UNASKED not in judged.found()


def test_a_machine_that_is_begun_with_less_than_it_needs_is_found(judged: Judged) -> None:
    limits = Limits(monthly=Limit(10**10, AtLimit.BLOCK))
    judged.claim_limits(SpendingLimits(ADA, limits, NOW - timedelta(hours=1)))
    judged.claim_budget(enough())

    judged.claim(a_rental(RentalState.INTENT, reserved=0))

    assert judged.found() == {findings.BUDGET_OVERRUNS: 1}


def test_a_snapshot_that_is_condemned_while_another_instance_needs_it_is_found(
    judged: Judged,
) -> None:
    judged.claim(an_instance(InstanceState.ASLEEP, source=SnapshotId(SNAP)))

    judged.claim(a_snapshot(SnapshotState.CONDEMNED))

    assert judged.found()[findings.SNAPSHOTS_LOST] == 1


def settled(judged: Judged, within_s: float) -> None:
    """The faults have stopped; nobody brings the instance further."""
    world: Any = SimpleNamespace(
        judge=judged.judge,
        agenda=judged.world.agenda,
        fleet=SimpleNamespace(steps=0),
        machines=judged.machines,
        provider=judged.provider,
    )
    users: Any = SimpleNamespace(instances={"inst_1": ADA})
    judged.claim(an_instance(InstanceState.PROVISIONING, primary=None))
    Settling(world, users).watch(within_s)


def test_what_is_settled_later_than_the_numbers_say_is_found(judged: Judged) -> None:
    settled(judged, max(VISIBLE_WITHIN_S, BOOKS_WITHIN_S) + 1.0)

    assert judged.found()[findings.LATE] == 2


def test_what_is_settled_at_the_last_moment_is_no_finding(judged: Judged) -> None:
    settled(judged, min(VISIBLE_WITHIN_S, BOOKS_WITHIN_S))

    assert findings.LATE not in judged.found()

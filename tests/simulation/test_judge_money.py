"""The judges of money and of ends, each shown the defect that it is there for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.billing.budget import Budget, Hold, month_of
from shared.domain.billing.limits import AtLimit, Limit, Limits, SpendingLimits
from shared.domain.failover.model import FailoverState
from shared.domain.ids import InstanceId, OperationId, RentalId
from shared.domain.instances.model import InstanceState
from shared.domain.operations import Operation, OperationKind, OperationState
from shared.domain.rentals.model import RentalState
from tests.simulation.judge import findings
from tests.simulation.judged import Judged
from tests.simulation.judged_samples import ADA, NOW, enough, its
from tests.unit.instances.samples import an_instance
from tests.unit.rentals.samples import a_rental

RELEASING = RentalState.RELEASING


@pytest.fixture
def judged() -> Judged:
    return Judged()


def test_less_held_back_than_the_provider_charges_is_found(judged: Judged) -> None:
    contract = judged.rent()
    judged.claim(an_instance(), its(contract.id))
    judged.claim_budget(Budget(ADA, month_of(NOW)))
    judged.pass_time(3600.0)

    assert judged.found() == {findings.UNDER_RESERVED: 1}


def test_a_hold_that_is_not_topped_up_is_found_though_it_is_promised_all_the_same(
    judged: Judged,
) -> None:
    contract = judged.rent()
    judged.claim(an_instance(), its(contract.id))
    rate, of_others = round(10**6 * (contract.gpu_rate + contract.disk_rate)) + 1, 10**9
    hold = Hold(InstanceId("inst_1"), rate // 2, 0, NOW, rate, NOW)
    others = Hold(InstanceId("inst_2"), of_others, 0, NOW, 0, NOW)
    judged.claim_budget(Budget(ADA, month_of(NOW), {"rent_1": hold, "rent_2": others}))

    judged.pass_time(1500.0)
    assert judged.found() == {}
    judged.pass_time(1500.0)

    assert judged.found() == {findings.UNDER_RESERVED: 1}


def test_what_is_charged_after_we_let_go_is_reported_and_no_finding(judged: Judged) -> None:
    contract = judged.rent()
    ending = an_instance(InstanceState.DESTROYING, rentals=(RentalId("rent_1"),))
    judged.claim(ending, its(contract.id, RELEASING))
    judged.claim_budget(enough())
    judged.judge.requests.let_go_at[contract.id] = judged.site.now()
    judged.pass_time(3000.0)

    verdict = judged.judge.verdict()

    assert verdict.is_clean
    assert verdict.after_release_usd > 0.2


def a_limit(judged: Judged, cap: int, at_limit: AtLimit) -> None:
    limits = Limits(monthly=Limit(cap, at_limit))
    judged.claim_limits(SpendingLimits(ADA, limits, NOW - timedelta(hours=1)))


def test_a_machine_that_is_begun_beyond_a_limit_is_found(judged: Judged) -> None:
    a_limit(judged, 10**6, AtLimit.BLOCK)
    judged.claim_budget(enough())

    judged.claim(a_rental(RentalState.INTENT))

    assert judged.found() == {findings.BUDGET_OVERRUNS: 1}


def test_a_machine_that_is_begun_within_a_limit_is_no_finding(judged: Judged) -> None:
    a_limit(judged, 10**10, AtLimit.BLOCK)
    judged.claim_budget(enough())

    judged.claim(a_rental(RentalState.INTENT))

    assert judged.found() == {}


def test_a_machine_that_runs_on_beyond_a_limit_is_found(judged: Judged) -> None:
    contract = judged.rent()
    rental = its(contract.id)
    without_upload = replace(rental.terms, upload_price=0)
    judged.claim(an_instance(), replace(rental, terms=without_upload))
    judged.claim_budget(enough())
    a_limit(judged, 50_000, AtLimit.HIBERNATE)
    judged.pass_time(1200.0)
    assert judged.found() == {}

    judged.pass_time(7200.0)

    assert judged.found() == {findings.BUDGET_OVERRUNS: 1}


def test_an_operation_without_an_end_is_found(judged: Judged) -> None:
    operation = Operation(
        OperationId("op_1"),
        ADA,
        OperationKind.PAUSE,
        InstanceId("inst_1"),
        OperationState.RUNNING,
        NOW,
    )
    judged.claim(an_instance(operation_id=OperationId("op_1")), operation)
    assert judged.found() == {}

    judged.pass_time(1500.0)

    assert judged.found() == {findings.STUCK_OPERATIONS: 1}


def test_a_snapshot_that_waits_for_a_machine_that_is_lost_is_found(judged: Judged) -> None:
    """Its owner was told of the loss; that of the snapshot may not take until its deadline."""
    taken = Operation(
        OperationId("op_1"),
        ADA,
        OperationKind.SNAPSHOT,
        InstanceId("inst_1"),
        OperationState.RUNNING,
        NOW,
    )
    lost = FailoverState(told="its machine is lost, and nothing of it was saved")
    judged.claim(an_instance(operation_id=OperationId("op_1"), failover=lost), taken)
    judged.pass_time(200.0)
    assert judged.found() == {}

    judged.pass_time(200.0)

    assert judged.found() == {findings.STUCK_OPERATIONS: 1}


def test_a_document_that_nobody_looks_at_is_found(judged: Judged) -> None:
    judged.claim(an_instance(InstanceState.ASLEEP, due_at=NOW))
    assert judged.found() == {}

    judged.pass_time(600.0)

    assert judged.found() == {findings.STUCK_DOCUMENTS: 1}

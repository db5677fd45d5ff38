"""A judge that never barks proves nothing: each is shown the defect that it is there for."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from infra.simulators.vast.model.refusal import Refused
from infra.simulators.wire import Request
from shared.domain.failover.model import Recovery
from shared.domain.ids import OperationId, RentalId, SnapshotId
from shared.domain.instances.model import Desired, InstanceState
from shared.domain.rentals.model import RentalState
from shared.domain.rentals.timing import ISSUE_S, Timing
from shared.domain.snapshots.model import SnapshotState
from tests.simulation.judge import findings
from tests.simulation.judged import Judged
from tests.simulation.judged_samples import LIVE, NOW, enough, its
from tests.unit.instances.samples import a_drain, a_snapshot, an_instance

GONE, RELEASING = RentalState.GONE, RentalState.RELEASING


@pytest.fixture
def judged() -> Judged:
    return Judged()


def test_a_machine_that_is_wanted_is_no_finding(judged: Judged) -> None:
    contract = judged.rent()
    judged.claim(an_instance(), its(contract.id))
    judged.claim_budget(enough())

    assert judged.found() == {}


def test_a_machine_without_a_document_has_leaked(judged: Judged) -> None:
    judged.rent()

    assert judged.found() == {findings.LEAKED: 1}


def test_a_machine_whose_rental_is_gone_has_leaked(judged: Judged) -> None:
    contract = judged.rent()
    judged.claim(an_instance(), its(contract.id, GONE))
    judged.claim_budget(enough())

    assert judged.found() == {findings.LEAKED: 1, findings.GONE_TOO_EARLY: 1}


def test_a_second_machine_under_one_label_has_leaked(judged: Judged) -> None:
    contract = judged.rent()
    judged.rent()
    judged.claim(an_instance(), its(contract.id))
    judged.claim_budget(enough())

    assert judged.found() == {findings.LEAKED: 1}


def test_two_create_calls_for_one_rental_are_found(judged: Judged) -> None:
    request = Request("PUT", "/api/v0/asks/1/", "", json.dumps({"label": "dumont/x"}).encode())

    judged.provider.desk.exchange("provider.create", request)
    assert judged.found() == {}
    judged.provider.desk.exchange("provider.create", request)

    assert judged.found() == {findings.DOUBLE_PROVISIONED: 1}


def test_a_create_that_is_sent_later_than_its_claim_allows_is_found(judged: Judged) -> None:
    visible_by = NOW + timedelta(seconds=Timing().visible_by_s)
    judged.claim(replace(its(1, RentalState.CREATING), visible_by=visible_by))

    judged.pass_time(ISSUE_S)
    judged.judge.requests.leaves("dumont/test/rent_1/mac")
    assert findings.LATE_SENDS not in judged.found()
    judged.pass_time(1.0)
    judged.judge.requests.leaves("dumont/test/rent_1/mac")

    assert judged.found()[findings.LATE_SENDS] == 1


def test_two_machines_of_one_instance_at_work_are_found(judged: Judged) -> None:
    first, second = judged.rent(), judged.rent("rent_2")
    judged.claim(an_instance(rentals=(RentalId("rent_1"), RentalId("rent_2"))))
    judged.claim(its(first.id), its(second.id, RELEASING, "rent_2"))
    judged.claim_budget(enough())

    judged.at_work(first)
    judged.at_work(second)

    assert judged.found() == {findings.TOO_MANY_MACHINES: 1}


def test_a_fenced_machine_that_is_told_all_is_well_for_too_long_is_found(judged: Judged) -> None:
    old, new = judged.at_work(judged.rent()), judged.at_work(judged.rent("rent_2"), epoch=1)

    judged.judge.roles.spoke(old)
    assert findings.TOO_MANY_MACHINES not in judged.found()
    judged.pass_time(1000.0)
    judged.judge.roles.spoke(old)

    assert new.works
    assert judged.found()[findings.TOO_MANY_MACHINES] == 1


def test_two_live_rentals_of_one_epoch_are_found(judged: Judged) -> None:
    judged.claim(its(1), its(2, LIVE, "rent_2"))

    assert judged.found() == {findings.TOO_MANY_MACHINES: 1}


def test_an_order_for_somebody_elses_machine_is_found(judged: Judged) -> None:
    stranger = judged.site.foreign.arrive()

    judged.order("PUT", stranger, b'{"state": "stopped"}')

    assert judged.found() == {findings.FOREIGN_TOUCHED: 1}


def test_a_stranger_who_leaves_by_himself_is_no_finding(judged: Judged) -> None:
    judged.site.foreign.arrive()
    judged.site.foreign.move()

    assert judged.found() == {}


def test_a_stranger_may_carry_the_name_of_one_of_ours_and_is_not_it(judged: Judged) -> None:
    """Whoever comes late has seen our labels; only the proof in them is not his."""
    contract = judged.rent()
    judged.claim(an_instance(), its(contract.id))
    judged.claim_budget(enough())

    strangers = [judged.site.foreign.arrive() for _ in range(12)]

    assert any("/rent_1/" in (each.label or "") for each in strangers)
    assert judged.found() == {}


def test_an_account_without_credit_rents_nothing(judged: Judged) -> None:
    judged.site._go_broke(judged.site.account)

    with pytest.raises(Refused, match="credit"):
        judged.rent()

    standing = len(judged.site.foreign.ids)
    judged.site.foreign.move()
    assert len(judged.site.foreign.ids) == standing, "nor do strangers"

    judged.pass_time(700.0)
    assert judged.rent().destroyed_at is None, "its owner has paid meanwhile"


def test_a_market_that_rents_without_credit_is_found(judged: Judged) -> None:
    contract = judged.rent()
    judged.claim(an_instance(), its(contract.id))
    judged.claim_budget(enough())
    contract.created_at = judged.site.now()
    judged.site.account.broke = True

    body = json.dumps({"label": contract.label}).encode()
    judged.judge.requests.arrived("provider.create", Request("PUT", "/api/v0/asks/1/", "", body))

    assert judged.found() == {findings.RENTED_UNPAID: 1}


def test_a_racer_that_stands_long_after_another_has_won_is_found(judged: Judged) -> None:
    winner, loser = judged.rent(), judged.rent("rent_2")
    both = (RentalId("rent_1"), RentalId("rent_2"))
    judged.claim(its(winner.id), its(loser.id, RentalState.BOOTING, "rent_2"))
    judged.claim(an_instance(rentals=both, primary=both[0]))
    judged.claim_budget(enough())

    judged.pass_time(2000.0)
    assert findings.LOSERS_KEPT not in judged.found()
    judged.pass_time(400.0)

    assert judged.found()[findings.LOSERS_KEPT] == 1


def test_a_racer_that_is_let_go_in_time_is_no_finding(judged: Judged) -> None:
    winner, loser = judged.rent(), judged.rent("rent_2")
    both = (RentalId("rent_1"), RentalId("rent_2"))
    judged.claim(its(winner.id), its(loser.id, RELEASING, "rent_2"))
    judged.claim(an_instance(rentals=both, primary=both[0]))
    judged.claim_budget(enough())

    judged.pass_time(1500.0)
    judged.order("DELETE", loser)
    judged.pass_time(3000.0)

    assert findings.LOSERS_KEPT not in judged.found()


def test_a_bound_machine_destroyed_before_its_rental_lets_go_is_found(judged: Judged) -> None:
    contract = judged.rent()
    judged.claim(an_instance(), its(contract.id))
    judged.claim_budget(enough())

    judged.order("DELETE", contract)

    assert judged.found() == {findings.BOUND_DESTROYED: 1}


def test_a_machine_destroyed_while_its_rental_lets_go_is_no_finding(judged: Judged) -> None:
    contract = judged.rent()
    judged.claim(an_instance(InstanceState.DESTROYING), its(contract.id, RELEASING))
    judged.claim_budget(enough())

    judged.order("DELETE", contract)

    assert judged.found() == {}


def given_up(judged: Judged, contract_id: int) -> None:
    running = an_instance()
    judged.claim(running, its(contract_id))
    judged.claim_budget(enough())
    recovery = Recovery(OperationId("op_1"), "silent", NOW, None, None)
    state = replace(running.failover, recovery=recovery)
    judged.claim(replace(running, epoch=1, primary=None, failover=state))


def test_a_healthy_machine_that_is_given_up_is_found(judged: Judged) -> None:
    contract = judged.rent()
    judged.at_work(contract)
    judged.pass_time(1000.0)

    given_up(judged, contract.id)

    assert judged.found() == {findings.HEALTHY_FAILOVERS: 1}


def test_a_primary_that_is_told_to_stand_still_is_found(judged: Judged) -> None:
    contract = judged.rent()
    host = judged.at_work(contract)
    judged.claim(an_instance(), its(contract.id))
    judged.claim_budget(enough())

    host.fenced("for no good reason")

    assert judged.found() == {findings.HEALTHY_FAILOVERS: 1}


def test_a_dead_machine_that_is_given_up_is_no_finding(judged: Judged) -> None:
    contract = judged.rent()
    judged.at_work(contract)
    judged.pass_time(1000.0)
    judged.site.befall("host_death", contract)

    given_up(judged, contract.id)

    assert judged.found() == {}


def acked(judged: Judged, **changes: object) -> None:
    judged.claim(a_snapshot(SnapshotState.OPEN, **changes))
    judged.claim(a_snapshot(SnapshotState.ACKED, **changes))


def test_a_snapshot_acknowledged_before_its_bytes_lie_there_is_found(judged: Judged) -> None:
    acked(judged)

    assert judged.found() == {findings.SNAPSHOTS_LOST: 1}


def test_an_acknowledged_snapshot_that_vanishes_is_found(judged: Judged) -> None:
    contract = judged.rent()
    judged.take(judged.at_work(contract))
    judged.claim(an_instance(head=SnapshotId("snap_1")), its(contract.id))
    judged.claim_budget(enough())
    acked(judged)
    assert judged.found() == {}

    judged.blobs.delete("snapshots/inst_1/0-rent_1/packs/snap_1-0")

    assert judged.found() == {findings.SNAPSHOTS_LOST: 1}


def test_a_restore_that_brings_other_bytes_is_found(judged: Judged) -> None:
    host = judged.at_work(judged.rent())
    judged.take(host)

    host.filled("snap_1", "0 by somebody else")

    assert judged.found()[findings.SNAPSHOTS_LOST] == 1


def test_a_restore_over_what_was_written_since_is_found(judged: Judged) -> None:
    host = judged.at_work(judged.rent())
    host.disk.write("its user")
    judged.take(host)
    taken = host.disk.content
    host.disk.write("its user")

    host.filled("snap_1", taken)

    assert judged.found()[findings.WORK_LOST] == 1


def test_a_head_that_does_not_follow_the_one_before_is_found(judged: Judged) -> None:
    contract = judged.rent()
    judged.take(judged.at_work(contract))
    judged.claim(an_instance(head=SnapshotId("snap_0")), its(contract.id))
    judged.claim_budget(enough())
    acked(judged, parent=SnapshotId("snap_of_another_time"))

    judged.claim(an_instance(head=SnapshotId("snap_1")))

    assert judged.found() == {findings.BROKEN_CHAINS: 1}


def test_a_wake_that_begins_with_nothing_is_found(judged: Judged) -> None:
    host = judged.at_work(judged.rent())
    judged.claim(an_instance(head=SnapshotId("snap_1")))
    host.disk.fill("")

    host.left_as_it_was()

    assert judged.found()[findings.WORK_LOST] == 1


def test_a_wake_from_another_snapshot_than_the_head_is_found(judged: Judged) -> None:
    asleep = an_instance(InstanceState.ASLEEP)
    judged.claim(asleep)

    judged.claim(
        replace(
            asleep,
            state=InstanceState.PROVISIONING,
            head=None,
            restore_from=SnapshotId("snap_0"),
        )
    )

    assert judged.found() == {findings.WORK_LOST: 1}


def released(judged: Judged, *, frozen: bool, writes_later: bool = False) -> None:
    """It sleeps by the snapshot of its drain, and the machine goes."""
    contract = judged.rent()
    host = judged.at_work(contract)
    draining = an_instance(InstanceState.DRAINING, drain=a_drain(), desired=Desired.ASLEEP)
    judged.claim(draining, its(contract.id))
    judged.claim_budget(enough())
    if frozen:
        host.freeze()
    judged.take(host)
    acked(judged)
    if writes_later:
        host.thaw()
    asleep = replace(
        draining, state=InstanceState.ASLEEP, primary=None, head=SnapshotId("snap_1"), drain=None
    )
    judged.claim(asleep, its(contract.id, RELEASING))
    judged.order("DELETE", contract)


def test_a_machine_let_go_by_the_snapshot_of_its_drain_is_no_finding(judged: Judged) -> None:
    released(judged, frozen=True)

    assert judged.found() == {}


def test_a_machine_let_go_by_a_snapshot_of_running_processes_is_found(judged: Judged) -> None:
    released(judged, frozen=False)

    assert judged.found() == {findings.UNSAFE_RELEASES: 2}


def test_a_machine_that_wrote_after_its_last_snapshot_is_found(judged: Judged) -> None:
    released(judged, frozen=True, writes_later=True)

    assert judged.found() == {findings.UNSAFE_RELEASES: 1}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [(Desired.ASLEEP, {findings.STOPS_UNDER_LEASE: 1}), (Desired.DESTROYED, {})],
)
def test_a_sleep_while_it_is_held_awake_is_found_unless_its_owner_ends_it(
    judged: Judged, wanted: Desired, found: dict[str, int]
) -> None:
    contract = judged.rent()
    host = judged.at_work(contract)
    held = an_instance(InstanceState.DRAINING, drain=a_drain(), desired=wanted)
    held = replace(held, keep_alive_until=NOW + timedelta(hours=1))
    judged.claim(held, its(contract.id))
    judged.claim_budget(enough())
    host.freeze()
    judged.take(host)
    acked(judged)

    judged.claim(replace(held, state=InstanceState.ASLEEP, primary=None, head=SnapshotId("snap_1")))

    assert judged.found() == found

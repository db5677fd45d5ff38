from __future__ import annotations

import pytest

from infra.agent.core.facts import BUSY_SERVER, UNREACHABLE, Failure
from infra.agent.core.heart import Heart
from shared.agent_wire.messages import (
    OK,
    READY,
    UNKNOWN,
    AgentStatus,
    HeartbeatAnswer,
    HeartbeatRequest,
    Idleness,
    Usage,
)

STATUS = AgentStatus(READY, Idleness(UNKNOWN, 0.0), "boot")
AWAY = Failure(UNREACHABLE, "no route")


def heart() -> Heart:
    made = Heart(0.0, 1, lambda: 0.0)
    made.set_pace(30.0, 0.0)
    return made


def beat(made: Heart, now: float) -> HeartbeatRequest:
    return made.beat(STATUS, Usage(), now, clock=0.0)


def answer(receipt: str, next_beat_s: float = 30.0) -> HeartbeatAnswer:
    return HeartbeatAnswer(OK, 0.0, next_beat_s, receipt)


def test_the_first_beat_tells_everything_and_the_next_only_echoes_the_receipt() -> None:
    made = heart()

    first = beat(made, 0.0)
    made.answered(answer("r1"), 0.1)
    second = beat(made, 30.1)

    assert (first.receipt, first.status) == ("", STATUS)
    assert (second.receipt, second.status, second.usage) == ("r1", None, None)


def test_a_change_whose_answer_was_lost_leaves_no_old_receipt_to_go_back_to() -> None:
    made = heart()
    beat(made, 0.0)
    made.answered(answer("receipt of A"), 0.1)

    made.changed(1.0)
    beat_of_b = beat(made, 1.0)
    made.failed(AWAY, 2.0)
    made.changed(3.0)
    back_to_a = beat(made, 32.0)

    assert beat_of_b.receipt == ""
    assert back_to_a.receipt == ""
    assert back_to_a.status is not None
    assert back_to_a.state_seq == beat_of_b.state_seq + 1


def test_a_receipt_that_arrives_after_a_further_change_is_not_echoed() -> None:
    made = heart()
    beat(made, 0.0)

    made.changed(0.05)
    made.answered(answer("of the state before"), 0.1)

    assert made.due_at == 1.0
    assert beat(made, 1.0).receipt == ""


def test_an_unanswered_steady_beat_keeps_its_receipt() -> None:
    made = heart()
    beat(made, 0.0)
    made.answered(answer("r1"), 0.1)
    beat(made, 30.0)

    made.failed(AWAY, 45.0)

    assert beat(made, 75.0).receipt == "r1"


def test_a_renewal_goes_out_at_once_and_without_the_receipt() -> None:
    made = heart()
    beat(made, 0.0)
    made.answered(answer("r1"), 0.1)

    made.renew(5.0)

    assert made.due_at == 5.0
    assert beat(made, 5.0).receipt == ""


def test_at_a_watched_pace_every_beat_brings_figures() -> None:
    made = heart()
    beat(made, 0.0)
    made.answered(answer("r1", next_beat_s=2.0), 0.1)

    watched = beat(made, 2.1)

    assert watched.receipt == "r1"
    assert watched.usage is not None


def test_acknowledgements_are_repeated_until_a_beat_with_them_was_answered() -> None:
    made = heart()
    made.acknowledge("cmd_1", 0.0)

    lost = beat(made, 0.0)
    made.failed(AWAY, 1.0)
    made.acknowledge("cmd_2", 2.0)
    heard = beat(made, 31.0)
    made.answered(answer("r1"), 31.1)

    assert lost.acks == ("cmd_1",)
    assert heard.acks == ("cmd_1", "cmd_2")
    assert beat(made, 61.0).acks == ()


def test_an_operation_quickens_the_pace_and_its_end_slows_it_again() -> None:
    made = heart()
    beat(made, 0.0)
    made.answered(answer("r1"), 0.0)

    made.set_operating(10.0, operating=True)
    beat(made, 10.0)
    made.answered(answer("r2"), 10.0)
    quick = made.due_at
    made.set_operating(10.5, operating=False)
    beat(made, 12.0)
    made.answered(answer("r3"), 12.0)

    assert quick == 12.0
    assert made.due_at == 42.0


def test_a_server_that_is_away_is_asked_at_the_ordinary_pace_even_when_things_change() -> None:
    made = heart()
    beat(made, 0.0)

    made.failed(AWAY, 0.0)
    made.changed(1.0)

    assert made.due_at == 30.0


@pytest.mark.parametrize(("wish_s", "due_at"), [(0.0, 30.0), (90.0, 90.0), (1e6, 120.0)])
def test_the_servers_wish_for_a_pause_is_granted_within_reason(
    wish_s: float, due_at: float
) -> None:
    made = heart()
    beat(made, 0.0)

    made.failed(Failure(BUSY_SERVER, "slow down", wish_s), 0.0)

    assert made.due_at == due_at


@pytest.mark.parametrize(("told_s", "kept_s"), [(-5.0, 1.0), (0.0, 1.0), (1e9, 120.0)])
def test_an_absurd_pace_is_bounded(told_s: float, kept_s: float) -> None:
    made = heart()
    beat(made, 0.0)

    made.answered(answer("r1", told_s), 0.0)

    assert made.due_at == kept_s


def test_a_fleet_does_not_beat_in_step() -> None:
    early = Heart(0.0, 1, lambda: 0.999)
    early.set_pace(30.0, 0.0)
    beat(early, 0.0)

    early.answered(answer("r1"), 0.0)

    assert early.due_at == pytest.approx(27.0, abs=0.1)


# --- what rides on the next write


def rests_of(request: HeartbeatRequest) -> list[tuple[float, float]]:
    return [(each.ended_ago_s, each.idle_s) for each in request.rests]


def test_rests_are_told_until_a_new_receipt_shows_that_they_were_written() -> None:
    made = heart()
    beat(made, 0.0)
    made.answered(answer("r1"), 1.0)
    made.rested(10.0, 200.0)

    steady = beat(made, 30.0)
    made.answered(answer("r1"), 31.0)
    again = beat(made, 60.0)
    made.rested(65.0, 40.0)
    made.answered(answer("r2"), 66.0)
    after = beat(made, 90.0)

    assert steady.receipt == "r1"
    assert rests_of(steady) == [(20.0, 200.0)]
    assert rests_of(again) == [(50.0, 200.0)]
    assert rests_of(after) == [(25.0, 40.0)]


def test_of_many_rests_the_newest_are_told() -> None:
    made = heart()
    for k in range(50):
        made.rested(float(k), 30.0)

    assert len(beat(made, 50.0).rests) == 32


def test_reasons_that_changed_are_told_beside_the_receipt_until_they_are_written() -> None:
    """Else a lease would say for hours that it is within the minimum run time."""
    made = heart()
    young = AgentStatus(READY, Idleness(UNKNOWN, 0.0, ("within the minimum run time",)), "boot")
    older = AgentStatus(READY, Idleness(UNKNOWN, 0.0, ("the GPU works",)), "boot")
    made.beat(young, Usage(), 0.0, 0.0)
    made.answered(answer("r1"), 1.0)

    same = made.beat(young, Usage(), 30.0, 0.0)
    made.answered(answer("r1"), 31.0)
    changed = made.beat(older, Usage(), 60.0, 0.0)
    made.answered(answer("r2"), 61.0)
    known = made.beat(older, Usage(), 90.0, 0.0)

    assert same.status is None
    assert (changed.receipt, changed.status, changed.usage) == ("r1", older, None)
    assert known.status is None


def test_what_nobody_waits_for_is_acknowledged_until_a_beat_is_written_down_and_hurries_none() -> (
    None
):
    made = heart()
    beat(made, 0.0)
    made.answered(answer("r1"), 0.1)
    due_at = made.due_at

    made.acknowledge("cmd_1", 5.0, at_leisure=True)
    made.acknowledge("cmd_1", 6.0, at_leisure=True)
    steady = beat(made, 30.1)
    made.answered(answer(""), 30.2)
    renewing = beat(made, 60.3)
    made.answered(answer("r2"), 60.4)
    after = beat(made, 90.5)

    assert made.due_at is None
    assert due_at == 30.1
    assert (steady.receipt, steady.acks, renewing.acks) == ("r1", ("cmd_1",), ("cmd_1",))
    assert after.acks == ()

"""Our own metering: what is known of a contract's use, and how far that may be off."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.billing.ledger import lines_of, total
from shared.domain.billing.meter import HALT_S, Meter
from shared.domain.rentals.model import RentalState
from tests.fakes.clock import START
from tests.unit.rentals.samples import after, bound

BEGUN = Meter().begin(START)
RUNNING = BEGUN.running(after(30), after(40))


def gpu(meter: Meter, now: float | None = None) -> Any:
    lines = lines_of(bound(RentalState.LIVE, meter=meter), None if now is None else after(now))
    return next(line for line in lines if line.kind == "gpu")


def line(meter: Meter, kind: str, now: float | None = None) -> Any:
    lines = lines_of(bound(RentalState.LIVE, meter=meter), None if now is None else after(now))
    return next(line for line in lines if line.kind == kind)


def seconds(meter: Meter, now: float | None = None) -> float | None:
    found: float | None = gpu(meter, now).quantity
    return found


def test_running_is_counted_from_the_providers_start_to_our_stop() -> None:
    meter = RUNNING.stop(after(130))

    assert seconds(meter) == 100
    assert gpu(meter).amount == 360_000 * 100 // 3600
    assert gpu(meter).uncertainty == 360_000 * (2 + HALT_S) // 3600 + 1


def test_an_open_span_runs_to_the_providers_now() -> None:
    assert seconds(RUNNING, 90) == 60
    assert seconds(RUNNING) == 0  # its clock was never read


def test_the_same_start_seen_again_is_one_span() -> None:
    meter = RUNNING.running(after(30), after(60)).running(after(31), after(90))

    assert len(meter.spans) == 1


def test_a_look_that_is_older_than_the_stop_opens_nothing() -> None:
    meter = RUNNING.stop(after(130)).running(after(30), after(125))

    assert [span.end for span in meter.spans] == [after(130)]


def test_a_second_run_is_a_second_span() -> None:
    meter = RUNNING.stop(after(130)).start(after(200)).running(after(230), after(240))

    assert seconds(meter.stop(after(330))) == 200


def test_what_stopped_by_itself_is_off_by_the_gap_between_two_looks() -> None:
    meter = RUNNING.running(after(30), after(100)).found_stopped(after(160))

    assert seconds(meter) == 130
    assert meter.spans[-1].slack_s == 1 + 1 + 60


def test_the_end_closes_the_gpu_and_the_disk() -> None:
    meter = RUNNING.finish(after(3600))

    assert (seconds(meter), line(meter, "disk").quantity) == (3570, 3600)
    assert line(meter, "disk").amount == 36_000
    assert meter.finish(after(3600)) == meter


def test_what_was_there_after_its_destroy_was_accepted_ended_before_it_was_missed() -> None:
    """The second destroy's answer was lost: only the listings tell."""
    seen_again = RUNNING.finish(after(130)).there(after(160))

    missed = seen_again.missing(after(200)).missing(after(230))

    assert missed.ended_at == after(200)
    assert missed.spans[-1].end == after(200)
    assert missed.spans[-1].slack_s >= 70
    assert RUNNING.finish(after(130)).missing(after(200)).ended_at == after(130)


@pytest.mark.parametrize(
    ("meter", "unseen_s"),
    [
        (BEGUN.finish(after(60)), 60 + 1),
        (BEGUN.waiting(after(50)).finish(after(60)), 10 + 1),
        (RUNNING.stop(after(130)).start(after(200)).finish(after(260)), 60 + 1),
        (RUNNING.finish(after(130)), 0),
        (BEGUN.finish(after(60)).finish(after(90)), 60 + 1 + 30),
    ],
    ids=["never seen", "seen starting", "started again", "seen running", "destroyed twice"],
)
def test_what_may_have_run_unseen_is_in_the_uncertainty(meter: Meter, unseen_s: float) -> None:
    assert meter.unseen_s == unseen_s
    assert gpu(meter).uncertainty >= 360_000 * unseen_s / 3600


def test_unseen_so_far_is_uncertain_so_far() -> None:
    assert (gpu(BEGUN, 100).amount, gpu(BEGUN, 100).uncertainty) == (0, 10_001)


# --- traffic


readings = st.lists(st.none() | st.integers(0, 10**12), max_size=8)


@given(readings)
def test_traffic_only_rises_and_a_missing_reading_is_no_news(counts: list[int | None]) -> None:
    meter = BEGUN
    for each in counts:
        before = meter.received
        meter = meter.traffic(each, None)
        assert before is None or (meter.received is not None and meter.received >= before)

    known = [each for each in counts if each is not None]
    assert meter.received == (max(known) if known else None)
    assert meter.sent is None


def test_traffic_that_was_never_read_is_unknown_and_not_zero() -> None:
    unread, read = line(BEGUN, "download"), line(BEGUN.traffic(10**9, 0), "download")

    assert (unread.quantity, unread.amount) == (None, 0)
    assert unread.uncertainty > 1000
    assert (read.quantity, read.amount) == (1e9, 1_000_000)


def test_a_contract_that_never_began_has_no_lines() -> None:
    assert lines_of(bound(RentalState.BOOTING), after(100)) == ()


moments = st.floats(0, 10_000, allow_nan=False)


@given(
    st.lists(st.tuples(st.sampled_from(["run", "stop", "found"]), moments), max_size=10), moments
)
def test_whatever_is_seen_nothing_is_negative(steps: list[tuple[str, float]], end: float) -> None:
    meter = BEGUN
    for what, at in steps:
        if what == "run":
            meter = meter.running(after(at), after(at + 5))
        elif what == "stop":
            meter = meter.stop(after(at))
        else:
            meter = meter.found_stopped(after(at))

    lines = lines_of(bound(RentalState.GONE, meter=meter.finish(after(end))), after(end))

    assert all(each.amount >= 0 and each.uncertainty >= 0 for each in lines)
    assert total(lines) == sum(each.amount for each in lines)


def test_a_container_that_runs_anew_may_have_stood_still_since_the_look_before() -> None:
    meter = RUNNING.running(after(30), after(100)).running(after(130), after(160))

    assert seconds(meter.finish(after(330))) == 300
    assert meter.spans[-1].slack_s == 1 + 30


def test_whole_minutes_of_uptime_leave_a_minute_of_doubt_but_not_from_before_the_start() -> None:
    rounded = BEGUN.waiting(after(30)).running(after(200), after(260))
    young = BEGUN.waiting(after(30)).running(after(40), after(100))

    assert [each.spans[0].slack_s for each in (rounded, young)] == [1 + 60, 1 + 10]


def test_a_host_out_of_sight_may_have_run_or_not_and_its_disk_been_free() -> None:
    """Seen running at 90 s, lost at 150 s, back at 400 s under the same uptime."""
    lost = RUNNING.running(after(30), after(90)).hidden(after(150)).hidden(after(250))

    back = lost.running(after(30), after(400)).finish(after(500))

    assert seconds(back) == 120 + 100
    assert gpu(back).uncertainty >= 360_000 * (60 + 250) / 3600
    assert line(back, "disk").quantity == 500
    assert back.slack_s >= 60 + 250


def test_what_goes_on_after_it_was_stopped_is_counted_from_the_look_that_saw_it() -> None:
    meter = RUNNING.stop(after(130)).running(after(30), after(230)).finish(after(330))

    assert seconds(meter) == 200
    assert gpu(meter).uncertainty >= 360_000 * 100 / 3600

"""What a provider does not tell is metered as if it had been used, and the doubt is kept."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.billing.meter import CLOCK_GRAIN_S, Meter
from tests.fakes.clock import START


def test_what_runs_without_saying_since_when_counts_from_its_order() -> None:
    meter = Meter().begin(START).seen_running(START + timedelta(seconds=40))

    (span,) = meter.spans
    assert (span.start, span.end, span.slack_s) == (START, None, CLOCK_GRAIN_S + 40)


def test_a_look_that_saw_it_starting_narrows_the_doubt() -> None:
    seen_starting = START + timedelta(seconds=30)
    meter = Meter().begin(START).waiting(seen_starting)

    (span,) = meter.seen_running(START + timedelta(seconds=40)).spans

    assert (span.start, span.slack_s) == (seen_starting, CLOCK_GRAIN_S + 10)


def test_seen_again_it_is_the_same_stretch() -> None:
    meter = Meter().begin(START).seen_running(START + timedelta(seconds=40))

    again = meter.seen_running(START + timedelta(seconds=90))

    assert again.spans == meter.spans
    assert again.last_running_at == START + timedelta(seconds=90)


def test_a_look_that_is_older_than_its_end_does_not_bring_it_back() -> None:
    ended = Meter().begin(START).seen_running(START + timedelta(seconds=40))
    ended = ended.finish(START + timedelta(seconds=100))

    late = ended.seen_running(START + timedelta(seconds=99))

    assert late.spans == ended.spans


@given(st.floats(0, 3600), st.floats(0, 3600))
def test_what_only_a_listing_tells_of_began_within_its_doubt(
    lived_s: float, doubt_s: float
) -> None:
    seen_at = START + timedelta(seconds=lived_s)

    meter = Meter().begin_by(seen_at, doubt_s)

    assert meter.begun_at is not None
    assert abs((seen_at - meter.begun_at).total_seconds() - doubt_s) < 0.001
    assert meter.slack_s >= doubt_s
    assert meter.begin_by(seen_at + timedelta(seconds=9), 0.0) == meter

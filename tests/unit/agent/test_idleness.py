from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.agent.core.facts import Sample
from infra.agent.core.idleness import LONGEST_GAP_S, IdleJudge
from shared.agent_wire.messages import BUSY, IDLE, UNKNOWN, GpuReading, IdlePolicy

POLICY = IdlePolicy(
    enabled=True,
    gpu_threshold_percent=5.0,
    cpu_threshold_percent=20.0,
    network_threshold_kib_s=50.0,
    window_s=10.0,
    minimum_run_s=0.0,
)


def gpu(util_percent: float | None, index: int = 0) -> GpuReading:
    return GpuReading(index, "RTX 4090", util_percent, None, None, None, None)


QUIET = Sample(gpus=(gpu(0.0),), cpu_percent=1.0, network_kib_s=0.0, ssh_sessions=0, busy_kernels=0)


def judge(policy: IdlePolicy = POLICY) -> IdleJudge:
    made = IdleJudge(0.0)
    made.set_policy(policy, 0.0)
    made.workspace_ready(0.0)
    return made


def feed(made: IdleJudge, sample: Sample, start: float, seconds: float) -> float:
    now = start
    while now < start + seconds:
        now += 1.0
        made.feed(sample, now)
    return now


def test_quiet_for_the_whole_window_is_idle_and_not_a_second_earlier() -> None:
    made = judge()

    now = feed(made, QUIET, 0.0, 10.0)
    almost = made.verdict(now)
    now = feed(made, QUIET, now, 1.0)

    assert almost.verdict == BUSY
    assert made.verdict(now).verdict == IDLE
    assert made.verdict(now + 2.0).since_s == 2.0


@pytest.mark.parametrize(
    ("loud", "reason"),
    [
        (replace(QUIET, gpus=(gpu(0.0), gpu(5.0, 1))), "the GPU works"),
        (replace(QUIET, cpu_percent=20.0), "the CPU works"),
        (replace(QUIET, network_kib_s=50.0), "the network is in use"),
        (replace(QUIET, ssh_sessions=1), "an ssh session is open"),
        (replace(QUIET, busy_kernels=1), "a notebook kernel is busy"),
    ],
)
def test_one_second_of_anything_starts_the_window_anew(loud: Sample, reason: str) -> None:
    made = judge()
    now = feed(made, QUIET, 0.0, 20.0)

    made.feed(loud, now + 1.0)
    disturbed = made.verdict(now + 1.0)
    now = feed(made, QUIET, now + 1.0, 10.0)

    assert (disturbed.verdict, disturbed.reasons) == (BUSY, (reason,))
    assert made.verdict(now).verdict == BUSY
    now = feed(made, QUIET, now, 1.0)
    assert made.verdict(now).verdict == IDLE


@pytest.mark.parametrize(
    "blind",
    [
        replace(QUIET, gpus=None),
        replace(QUIET, gpus=()),
        replace(QUIET, gpus=(gpu(0.0), gpu(None, 1))),
        replace(QUIET, cpu_percent=None),
        replace(QUIET, network_kib_s=None),
        replace(QUIET, ssh_sessions=None),
        replace(QUIET, busy_kernels=None),
    ],
)
def test_a_missing_reading_is_unknown_and_starts_the_window_anew(blind: Sample) -> None:
    made = judge()
    now = feed(made, QUIET, 0.0, 20.0)

    made.feed(blind, now + 1.0)
    verdict = made.verdict(now + 1.0).verdict
    now = feed(made, QUIET, now + 1.0, 9.0)

    assert verdict == UNKNOWN
    assert made.verdict(now).verdict == BUSY


def test_work_that_is_seen_is_busy_even_where_something_else_is_unknown() -> None:
    made = judge()

    made.feed(replace(QUIET, gpus=None, ssh_sessions=2), 1.0)

    assert made.verdict(1.0).verdict == BUSY


def test_samples_that_stop_coming_make_idleness_unknown_by_themselves() -> None:
    made = judge()
    now = feed(made, QUIET, 0.0, 20.0)

    verdict = made.verdict(now + LONGEST_GAP_S + 0.1)

    assert verdict.verdict == UNKNOWN


def test_what_nobody_saw_does_not_count_as_quiet() -> None:
    made = judge()
    now = feed(made, QUIET, 0.0, 9.0)

    made.feed(QUIET, now + 60.0)

    assert made.verdict(now + 60.0).verdict == BUSY


def test_nothing_is_idle_within_the_minimum_run_time() -> None:
    made = judge(replace(POLICY, minimum_run_s=60.0))

    early = made.verdict(feed(made, QUIET, 0.0, 59.0))
    late = made.verdict(feed(made, QUIET, 59.0, 2.0))

    assert early.verdict == BUSY
    assert "within the minimum run time" in early.reasons
    assert late.verdict == IDLE


def test_a_policy_that_is_off_never_says_idle() -> None:
    made = judge(replace(POLICY, enabled=False))

    now = feed(made, QUIET, 0.0, 100.0)

    assert made.verdict(now).verdict == BUSY


def test_new_rules_are_judged_over_a_window_of_their_own() -> None:
    made = judge()
    now = feed(made, QUIET, 0.0, 20.0)

    made.set_policy(replace(POLICY, gpu_threshold_percent=1.0), now)

    assert made.verdict(now).verdict == BUSY


readings = st.one_of(
    st.none(), st.sampled_from([0.0, 1.0, 4.9, 5.0, 19.0, 20.0, 49.0, 50.0, 100.0])
)
samples = st.builds(
    Sample,
    gpus=st.one_of(st.none(), st.lists(st.builds(gpu, readings), max_size=2).map(tuple)),
    cpu_percent=readings,
    network_kib_s=readings,
    ssh_sessions=st.one_of(st.none(), st.integers(0, 2)),
    busy_kernels=st.one_of(st.none(), st.integers(0, 2)),
)


@given(st.lists(st.tuples(st.one_of(st.just(QUIET), samples), st.floats(0.5, 8.0)), max_size=60))
def test_idle_means_that_every_sample_of_the_window_was_quiet(
    run: list[tuple[Sample, float]],
) -> None:
    made = judge()
    now = 0.0
    past: list[tuple[float, Sample]] = []

    for sample, pause_s in run:
        now += pause_s
        made.feed(sample, now)
        past.append((now, sample))
        if made.verdict(now).verdict == IDLE:
            window = [(at, each) for at, each in past if at >= now - POLICY.window_s]
            gaps = [b[0] - a[0] for a, b in itertools.pairwise(window)]
            assert all(_is_quiet(each) for _, each in window)
            assert all(gap <= LONGEST_GAP_S for gap in gaps)
            assert past[0][0] <= now - POLICY.window_s


def _is_quiet(sample: Sample) -> bool:
    gpus = sample.gpus or ()
    return (
        bool(gpus)
        and all(each.util_percent is not None and each.util_percent < 5.0 for each in gpus)
        and sample.cpu_percent is not None
        and sample.cpu_percent < 20.0
        and sample.network_kib_s is not None
        and sample.network_kib_s < 50.0
        and sample.ssh_sessions == 0
        and sample.busy_kernels == 0
    )


# --- how long it rested


def test_a_rest_that_work_ends_is_told_once() -> None:
    made = judge()
    now = feed(made, QUIET, 0.0, 100.0)

    now = feed(made, replace(QUIET, gpus=(gpu(90.0),)), now, 5.0)

    assert made.take_rests() == ((101.0, 100.0),)
    assert made.take_rests() == ()
    feed(made, QUIET, now, 100.0)
    assert made.take_rests() == ()  # it is not over


@pytest.mark.parametrize(
    "unseen",
    [
        lambda made, now: feed(made, replace(QUIET, cpu_percent=None), now, 2.0),
        lambda made, now: now + 60.0,  # nobody looked
        lambda made, now: feed(made, QUIET, now, 0.0),
    ],
)
def test_what_was_not_seen_whole_is_no_rest(unseen: object) -> None:
    assert callable(unseen)
    made = judge()
    now = unseen(made, feed(made, QUIET, 0.0, 20.0))
    now = feed(made, QUIET, now, 8.0)

    feed(made, replace(QUIET, gpus=(gpu(90.0),)), now, 1.0)

    assert made.take_rests() == ()

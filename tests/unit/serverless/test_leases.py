"""Leases of inferences, as laws of plain values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import Conflicting
from shared.domain.instances.idle import held_awake, idle_now
from shared.domain.serverless.leases import (
    MOST_OPEN,
    completed,
    last_use,
    open_leases,
    opened,
    quiet_from,
)
from shared.domain.serverless.model import Serverless
from tests.unit.instances.samples import a_lease, an_instance
from tests.unit.rentals.samples import after

if TYPE_CHECKING:
    from shared.domain.instances.model import Instance

SERVERLESS = Serverless(idle_timeout_s=60)


def an_idle_one() -> Instance:
    """Whose agent has called it idle for long, at 1,000 s."""
    return an_instance(serverless=SERVERLESS)


def test_between_start_and_completion_it_is_never_idle() -> None:
    instance, lease = an_idle_one(), a_lease(990)
    assert idle_now(instance, lease, after(1000))

    asked = opened(instance, "a", 600, after(1000))

    assert not idle_now(asked, a_lease(1500), after(1599))


def test_the_window_begins_when_the_last_inference_is_over() -> None:
    asked = opened(an_idle_one(), "a", 600, after(1000))
    answered = completed(asked, "a", after(1100))

    assert not idle_now(answered, a_lease(1150), after(1159))
    assert idle_now(answered, a_lease(1150), after(1160))


def test_a_lease_that_nobody_completes_ends_by_itself_and_its_window_begins_there() -> None:
    asked = opened(an_idle_one(), "a", 100, after(1000))

    assert held_awake(asked, after(1099))
    assert not held_awake(asked, after(1100))
    assert not idle_now(asked, a_lease(1150), after(1159))
    assert idle_now(asked, a_lease(1150), after(1160))


def test_completing_twice_or_what_was_never_open_changes_nothing() -> None:
    once = completed(opened(an_idle_one(), "a", 600, after(1000)), "a", after(1010))

    assert completed(once, "a", after(1500)) == once
    assert completed(once, "never", after(1500)) == once


def test_completing_long_after_its_end_does_not_hold_it_awake() -> None:
    asked = opened(an_idle_one(), "a", 100, after(1000))

    assert quiet_from(completed(asked, "a", after(5000)), after(5000)) == after(1100)


def test_of_several_each_one_holds_it_awake() -> None:
    both = opened(opened(an_idle_one(), "a", 600, after(1000)), "b", 600, after(1001))

    one = completed(both, "a", after(1010))

    assert [each.id for each in open_leases(one, after(1011))] == ["b"]
    assert held_awake(one, after(1011))


def test_the_same_name_prolongs_one_lease() -> None:
    again = opened(opened(an_idle_one(), "a", 10, after(1000)), "a", 600, after(1005))

    (lease,) = open_leases(again, after(1100))
    assert (lease.opened_at, lease.expires_at) == (after(1000), after(1605))


def test_a_document_holds_so_many_and_no_more() -> None:
    full = an_idle_one()
    for number in range(MOST_OPEN):
        full = opened(full, f"l{number}", 600, after(1000))

    with pytest.raises(Conflicting):
        opened(full, "one more", 600, after(1001))
    assert len(opened(full, "later", 600, after(1700)).inference) == 1


STEPS = st.lists(
    st.tuples(st.sampled_from("ab"), st.booleans(), st.floats(5, 50), st.floats(0, 40)),
    max_size=12,
)


@given(steps=STEPS)
def test_what_is_known_of_the_last_use_never_goes_back(
    steps: list[tuple[str, bool, float, float]],
) -> None:
    instance, at = an_idle_one(), 1000.0
    seen = None
    for name, starts, seconds, passed in steps:
        at += passed
        now = after(at)
        instance = (
            opened(instance, name, seconds, now) if starts else completed(instance, name, now)
        )
        used = last_use(instance, now)
        assert used is None or used <= now
        assert seen is None or (used is not None and used >= seen)
        seen = used


def test_leases_are_no_part_of_what_its_owner_sleeps_by() -> None:
    plain = an_instance()

    held = opened(plain, "a", 600, after(1000))

    assert held.sleeps_by == plain.hibernation
    assert replace(held, inference=()) == plain

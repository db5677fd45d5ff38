"""What a wake is worth, how long is waited, and why: in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.ids import InstanceId, RentalId
from shared.domain.sleep.wait import GIB, Wait, chosen, in_words, until, wake_cost
from tests.unit.sleep.records import START, spells

ME = InstanceId("inst_a")


def test_a_wake_is_worth_its_time_its_waiting_and_its_transfer() -> None:
    cost = wake_cost([50.0, 70.0, 500.0], 400_000, 800_000, 10 * GIB)

    # 70 s, paid and waited for at three times the price, and 1.20 USD at 0.40 an hour: 3 h.
    assert cost.worth_s == pytest.approx(70 * 3 + 1.2 / 0.4 * 3600)
    assert cost.micro_usd == pytest.approx(70 * 3 / 3600 * 400_000 + 1_200_000)


def test_what_is_unknown_is_assumed_and_said() -> None:
    cost = wake_cost([], 0, 0, None)

    assert (cost.measured, cost.worth_s, cost.transfer) == (0, 90.0, 0)


def test_spells_that_are_not_over_teach_nothing() -> None:
    past = spells([4000.0] * 10)
    cost = wake_cost([100.0], 400_000, 0, None)

    later = chosen(past, ME, START + timedelta(days=9), cost)
    before = chosen(past, ME, START, cost)

    assert (later.own_spells, before.own_spells) == (10, 0)
    assert (later.timeout_s, before.timeout_s) == (0, 100)
    assert until(START, before) == START + timedelta(seconds=100)


def test_it_is_said_what_was_weighed() -> None:
    cost = wake_cost([100.0], 400_000, 8_000_000, GIB)
    choice = chosen(spells([400.0] * 10), ME, START + timedelta(days=9), cost)
    wait = Wait(RentalId("rent_1"), 1, START, until(START, choice), choice, cost)

    wake, learnt, waits = in_words(wait)

    assert "median of 1" in wake
    assert "$8.00 an hour" in wake
    assert "$0.1200" in wake
    assert "10 of its idle spells" in learnt
    assert waits.startswith("it waits")

"""Sign in, deploy, run, sleep, wake, destroy: by what a browser shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.tab import Tab
    from tests.e2e.person import Person


@pytest.mark.timeout(240)
def test_a_person_rents_sleeps_wakes_and_lets_go_in_a_browser(
    open_tab: Callable[..., Tab], person: Person
) -> None:
    tab = open_tab()

    tab.signs_in(person)
    expect(tab.page.get_by_text("No workspace yet")).to_be_visible()
    tab.shoots("life-1-empty-fleet")
    tab.nothing_serious()

    _deploys(tab)
    tab.is_in_state("running")
    _shows_its_race(tab)
    tab.nothing_serious()
    tab.shoots("life-4-running")

    tab.presses("Hibernate")
    tab.is_in_state("asleep")
    expect(tab.page.get_by_text("It has no machine")).to_be_visible()
    tab.nothing_serious()
    tab.shoots("life-5-asleep")
    _has_a_verified_snapshot(tab)

    tab.presses("Wake")
    tab.is_in_state("running")
    tab.follows("Timeline")
    expect(tab.page.get_by_text("every file is back")).to_be_visible()
    tab.shoots("life-7-timeline")
    tab.follows("Cost")
    expect(tab.region("Line by line").get_by_role("row").nth(1)).to_contain_text("$")
    tab.shoots("life-8-cost")

    tab.presses("Destroy …")
    tab.nothing_serious()
    tab.shoots("life-9-destroy")
    tab.presses("Destroy it")
    tab.is_in_state("destroyed")
    person.provider.keeps_nothing()
    tab.follows("Fleet")
    expect(tab.page.get_by_text("Destroyed: 1")).to_be_visible()


def _deploys(tab: Tab) -> None:
    tab.follows("Offers")
    tab.page.get_by_label("Highest price, USD per hour").fill("2")
    tab.presses("Show offers")
    tab.shoots("life-2-offers")
    tab.page.get_by_role("link", name="Race the best of").click()
    tab.page.get_by_label("Label").fill("paint")
    tab.page.get_by_label("Image").fill("alpine:3.20")
    tab.page.get_by_label("Disk, GB").fill("10")
    tab.page.get_by_label("Machines at most").fill("2")
    tab.page.get_by_label("They start").select_option("together")
    tab.page.get_by_label("Sleeps when it is idle").uncheck()
    tab.nothing_serious()
    tab.presses("Start the race")
    tab.sees("paint")
    expect(tab.region("Race").get_by_role("row")).to_have_count(3)  # two machines, below the heads
    tab.shoots("life-3-race")


def _shows_its_race(tab: Tab) -> None:
    race = tab.region("Race")
    expect(race.get_by_text("ready", exact=True)).to_be_visible()
    expect(race.get_by_text("another machine was ready first").first).to_be_visible()


def _has_a_verified_snapshot(tab: Tab) -> None:
    tab.follows("Snapshots")
    row = tab.region("Snapshots").get_by_role("row").nth(1)
    expect(row).to_contain_text("wakes from this one")
    tab.nothing_serious()
    tab.shoots("life-6-snapshots")
    tab.follows("Overview")

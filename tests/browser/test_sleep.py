"""When a workspace sleeps is read, weighed and changed, by what a browser shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.tab import Tab
    from tests.e2e.person import Person


def test_a_person_changes_when_a_workspace_sleeps(
    open_tab: Callable[..., Tab], person: Person
) -> None:
    instance_id = person.rents()
    tab = open_tab(width=375, height=812)
    tab.signs_in(person)
    tab.page.goto(f"/instances/{instance_id}/sleep")
    expect(tab.region("Now").get_by_text("Why", exact=True)).to_be_visible()

    tab.page.get_by_label("When waiting no longer pays").check()
    tab.presses("Add a set time")
    tab.page.get_by_label("At", exact=True).fill("21:30")
    tab.page.get_by_label("By the clock of").fill("Europe/Berlin")
    tab.presses("Compare with today")
    expect(tab.page.get_by_text("Nothing to compare yet")).to_be_visible()
    tab.nothing_serious()
    tab.fits()
    tab.shoots("sleep-1-compared")
    tab.presses("Save the policy")
    expect(tab.page.get_by_text("Saved. A running machine is told.")).to_be_visible()
    kept = person.cloud.hibernation.policy(instance_id)
    assert (kept.enabled, kept.adaptive) == (True, True)
    assert [(each.action, each.cron, each.zone) for each in kept.schedules] == [
        ("sleep", "30 21 * * mon-fri", "Europe/Berlin")
    ]

    serverless = tab.region("Serverless")
    serverless.get_by_label("Fast", exact=True).check()
    tab.presses("Switch serverless on")
    expect(serverless.get_by_role("button", name="Switch serverless off")).to_be_visible()
    expect(tab.region("Policy").get_by_text("Serverless is on")).to_be_visible()
    tab.nothing_serious()
    tab.shoots("sleep-2-serverless")
    rules = person.cloud.serverless.get(instance_id).serverless
    assert rules is not None
    assert rules.mode == "fast"

"""Caps are set, changed and taken away again, by what a browser shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.tab import Tab
    from tests.e2e.person import Person


def test_a_person_caps_all_that_is_rented_and_one_workspace(
    open_tab: Callable[..., Tab], person: Person
) -> None:
    instance_id = person.rents()
    tab = open_tab(width=375, height=812)
    tab.signs_in(person)
    tab.goes_to("/budgets", "Budgets")

    tab.presses("Set a cap: monthly cap of all that you rent")
    tab.page.get_by_label("Cap, USD a month").fill("50")
    tab.page.get_by_label("At the limit").select_option("hibernate")
    tab.nothing_serious()
    tab.shoots("budgets-1-set")
    tab.presses("Set the cap")
    month = tab.page.get_by_role("table", name="For all that you rent").get_by_role("row").nth(1)
    expect(month).to_contain_text("$50.00 a month")
    expect(month).to_contain_text("then what runs is put to sleep")

    tab.presses("Set a cap for a workspace …")
    tab.page.get_by_label("Workspace", exact=True).select_option(instance_id)
    tab.page.get_by_label("It bounds what accrues in").select_option("hourly")
    tab.page.get_by_label("Cap, USD", exact=True).fill("30")
    tab.page.get_by_label("At the limit").select_option("warn")
    tab.presses("Set the cap")
    expect(tab.region("For one workspace").first).to_contain_text("$30.00/h")
    tab.nothing_serious()
    tab.fits()
    tab.shoots("budgets-2-both")
    own = {(each.instance_id, each.period): each for each in person.cloud.budgets.show().items}
    assert own[None, "monthly"].cap_usd == 50
    assert own[instance_id, "hourly"].at_limit == "warn"

    tab.presses("Remove: monthly cap of all that you rent")
    tab.presses("Remove it")
    expect(month).to_contain_text("no cap")
    assert person.cloud.budgets.show().items[0].cap_usd is None

"""Every page, dark on a desk and light on a phone; test_life sees it light on a desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.tab import Tab
    from tests.e2e.person import Person

PARTS = {
    "overview": ("", "Machine"),
    "sleep": ("/sleep", "Policy"),
    "cost": ("/cost", "Line by line"),
    "snapshots": ("/snapshots", "Snapshots"),
    "timeline": ("/timeline", "What happened, and why"),
    "logs": ("/logs", "What its machines wrote"),
}
LOOKS = [
    pytest.param(1280, 900, "dark", id="desk-dark"),
    pytest.param(390, 844, "light", id="phone-light"),
]


@pytest.mark.parametrize(("width", "height", "scheme"), LOOKS)
def test_every_page_of_the_demo_reads_well(
    open_tab: Callable[..., Tab], width: int, height: int, scheme: str
) -> None:
    tab = open_tab(width=width, height=height, scheme=scheme)
    look = f"{'desk' if width > 800 else 'phone'}-{scheme}"

    def holds(name: str) -> None:
        tab.shoots(f"{look}-{name}")
        tab.nothing_serious()
        tab.fits()

    tab.goes_to("/sign-in", "Sign in")
    holds("sign-in")
    tab.goes_to("/register#setup_token=abc", "Register")
    holds("register")
    tab.goes_to("/?demo=true", "Fleet")
    expect(tab.page.get_by_role("link", name="training")).to_be_visible()
    holds("fleet")
    tab.page.get_by_role("link", name="training").click()
    tab.sees("training")
    at = tab.page.url.partition("?")[0]
    for name, (part, region) in PARTS.items():
        tab.page.goto(f"{at}{part}?demo=true")
        expect(tab.region(region)).to_be_visible()
        holds(name)
    tab.goes_to("/offers?demo=true", "Offers")
    expect(tab.page.get_by_role("table").first).to_be_visible()
    holds("offers")
    tab.goes_to("/budgets?demo=true", "Budgets")
    expect(tab.page.get_by_role("table").first).to_be_visible()
    holds("budgets")
    tab.goes_to("/settings?demo=true", "Settings")
    expect(tab.region("Sleep of new workspaces").get_by_text("When idle")).to_be_visible()
    holds("settings")
    tab.goes_to("/status?demo=true", "Health")
    expect(tab.region("Background jobs").get_by_role("row").nth(1)).to_be_visible()
    holds("status")
    tab.goes_to("/nowhere?demo=true", "Nothing here")
    holds("not-found")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_theme_that_was_chosen_wins_over_the_systems_and_is_kept(
    open_tab: Callable[..., Tab], scheme: str
) -> None:
    other = "dark" if scheme == "light" else "light"
    tab = open_tab(scheme=scheme)
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    tab.goes_to("/sign-in", "Sign in")
    before = tab.page.evaluate(ground)

    tab.page.get_by_text(other.capitalize(), exact=True).click()
    expect(tab.page.get_by_role("radio", name=other.capitalize())).to_be_checked()
    # The browser paints when it comes to it.
    expect(tab.page.locator("html")).not_to_have_css("background-color", before)
    chosen = tab.page.evaluate(ground)
    tab.page.reload()
    tab.sees("Sign in")

    assert chosen != before
    expect(tab.page.locator("html")).to_have_css("background-color", chosen)


def test_the_menu_of_a_phone_opens_goes_somewhere_and_closes(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(width=390, height=844)
    tab.goes_to("/?demo=true", "Fleet")

    tab.presses("Menu")
    tab.shoots("phone-menu")
    tab.nothing_serious()
    tab.page.get_by_role("navigation", name="Areas").get_by_role("link", name="Health").click()

    tab.sees("Health")
    expect(tab.page.get_by_role("navigation", name="Areas")).to_be_hidden()


def test_a_refused_login_is_explained_with_its_trace_id(
    open_tab: Callable[..., Tab], person: Person
) -> None:
    tab = open_tab()
    tab.goes_to("/sign-in", "Sign in")
    tab.page.get_by_label("E-mail").fill(person.email)
    tab.page.get_by_label("Password").fill("not the password")

    tab.presses("Sign in")

    alert = tab.page.get_by_role("alert")
    expect(alert.get_by_text("Trace id")).to_be_visible()
    assert len(alert.locator("code").inner_text()) == 32
    tab.nothing_serious()

"""The demo is looked at and not changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.tab import Tab


def test_whoever_looks_around_sends_nothing_but_looks_and_is_offered_no_order(
    open_tab: Callable[..., Tab],
) -> None:
    tab = open_tab()
    sent: list[tuple[str, str]] = []
    tab.page.on("request", lambda each: sent.append((each.method, each.url)))
    tab.goes_to("/", "Sign in")

    tab.follows("Look around without an account")
    tab.sees("Fleet")
    tab.follows("training")
    tab.sees("training")
    expect(tab.region("Machine")).to_be_visible()
    offered = set(tab.page.get_by_role("button").all_inner_texts())
    tab.follows("Offers")
    expect(tab.page.get_by_role("table")).to_be_visible()

    calls = [(method, url) for method, url in sent if "/api/" in url]
    assert calls
    assert all(method == "GET" and "demo=true" in url for method, url in calls)
    assert offered <= {"Menu", "Copy"}
    assert tab.page.get_by_role("link", name="Race the best").count() == 0
    assert "demo=true" in tab.page.url


def test_an_order_in_the_demo_leads_to_the_sign_in(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab()
    tab.goes_to("/deploy?demo=true", "Deploy")

    tab.page.get_by_role("main").get_by_role("link", name="Sign in").click()

    tab.sees("Sign in")
    assert "demo" not in tab.page.url

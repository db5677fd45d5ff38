"""Everything can be done without a mouse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.tab import Tab
    from tests.e2e.person import Person

STEPS = 60
FOCUS = """() => {
  const at = document.activeElement;
  const outline = getComputedStyle(at).outlineStyle;
  const label = at.labels?.[0]?.innerText;
  return [at.getAttribute('aria-label') ?? label ?? at.innerText ?? '', outline];
}"""


class Keys:
    """Goes from one thing to the next with Tab, as a person does who sees where the focus is."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def reach(self, name: str) -> None:
        seen = []
        for _ in range(STEPS):
            self._page.keyboard.press("Tab")
            focused, outline = self._page.evaluate(FOCUS)
            seen.append(focused)
            if focused.strip().startswith(name):
                assert outline != "none", f"the focus on {name} cannot be seen"
                return
        raise AssertionError(f"Tab never comes to {name!r}: {seen}")

    def press(self, key: str) -> None:
        self._page.keyboard.press(key)

    def types(self, text: str) -> None:
        self._page.keyboard.type(text)


@pytest.mark.timeout(180)
def test_a_machine_is_rented_and_let_go_by_keyboard_alone(
    open_tab: Callable[..., Tab], person: Person
) -> None:
    tab = open_tab()
    keys = Keys(tab.page)
    tab.goes_to("/", "Sign in")

    keys.reach("Skip to the content")
    keys.press("Enter")
    keys.reach("E-mail")
    keys.types(person.email)
    keys.reach("Password")
    keys.types(person.password)
    keys.press("Enter")
    tab.sees("Fleet")
    keys.reach("Find a machine")
    keys.press("Enter")
    tab.sees("Offers")
    expect(tab.page.get_by_role("link", name="Race the best of")).to_be_visible()
    keys.reach("Race the best of")
    keys.press("Enter")
    tab.sees("Deploy")
    keys.reach("Label")
    keys.types("typed")
    keys.press("Enter")
    tab.sees("typed")
    keys.reach("Destroy …")
    keys.press("Enter")
    expect(tab.page.get_by_role("dialog")).to_be_visible()
    keys.press("Escape")
    expect(tab.page.get_by_role("dialog")).to_be_hidden()
    for key in ("Enter", "Escape", "Enter"):  # as quickly as a hand can, or quicker
        keys.press(key)
    expect(tab.page.get_by_role("dialog")).to_be_visible()
    keys.reach("Let the machine go at once")
    keys.press("Space")
    keys.reach("Destroy it")
    keys.press("Enter")

    expect(tab.page.get_by_role("dialog")).to_be_hidden()
    shown = tab.page.locator("header").get_by_text(re.compile("^destroy(ing|ed)$"))
    expect(shown).to_be_visible()

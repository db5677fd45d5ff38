"""Keys, password and defaults are changed, by what a browser shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from frontend.client.dumont import Dumont

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.tab import Tab
    from tests.e2e.person import Person

NEXT = "a longer and better passphrase"


def test_a_person_minds_their_keys_and_password(
    open_tab: Callable[..., Tab], person: Person
) -> None:
    tab = open_tab(width=375, height=812)
    tab.signs_in(person)
    tab.goes_to("/settings", "Settings")
    expect(tab.region("You")).to_contain_text(person.email)

    tab.presses("Make a key …")
    tab.page.get_by_label("Name", exact=True).fill("nightly build")
    tab.nothing_serious()
    tab.presses("Make the key")
    shown = tab.page.get_by_role("dialog").get_by_text(re.compile("^dc_live_"))
    key = shown.inner_text()
    tab.nothing_serious()
    tab.presses("Done")
    expect(tab.region("API keys").first).to_contain_text("nightly build")
    assert key not in tab.page.content()
    with Dumont(person.stack.url, api_key=key) as program:
        assert program.auth.me().email == person.email

    keys = tab.region("Provider keys").first
    tab.presses("Test the keys")
    expect(keys).to_contain_text("It takes the key and holds $")
    tab.presses("Replace: vast")
    tab.page.get_by_label("API key", exact=True).fill("not-a-key")
    tab.presses("Test and keep it")
    expect(tab.page.get_by_role("alert")).to_contain_text("does not accept this key")
    tab.presses("Cancel")
    tab.presses("Remove: the key of vast")
    tab.presses("Remove it")
    expect(keys.get_by_role("row").nth(1)).to_contain_text("not set")

    tab.page.get_by_label("Public key").fill(person.key.public_line)
    tab.presses("Keep the key")
    expect(tab.region("SSH key")).to_contain_text("SHA256:")

    tab.page.get_by_label("Password of today").fill(person.password)
    tab.page.get_by_label("New password", exact=True).fill(NEXT)
    tab.page.get_by_label("New password again").fill(NEXT)
    tab.presses("Change the password")
    expect(tab.page.get_by_text("Your password is changed.")).to_be_visible()
    tab.nothing_serious()
    tab.fits()
    tab.shoots("settings")
    person.cloud.auth.login(person.email, NEXT)

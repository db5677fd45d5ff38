"""One page in a browser, as a person uses it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from infra.web.node import WEB

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import ConsoleMessage, Locator, Page

    from tests.e2e.person import Person

SOON_MS = 20_000
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
BAD = frozenset({"serious", "critical"})
FEWEST_RULES = 15  # that apply to the barest of our pages


class Tab:
    """`complaints` is what the browser itself found wrong: errors, and broken policies."""

    def __init__(self, page: Page, shots: Path) -> None:
        self.page = page
        self.complaints: list[str] = []
        self._shots = shots
        page.set_default_timeout(SOON_MS)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        # An answer that is not 2xx is told by the page itself, in words.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def goes_to(self, path: str, heading: str) -> None:
        self.page.goto(path)
        self.sees(heading)

    def sees(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1, name=heading)).to_be_visible()

    def signs_in(self, person: Person) -> None:
        self.goes_to("/sign-in", "Sign in")
        self.page.get_by_label("E-mail").fill(person.email)
        self.page.get_by_label("Password").fill(person.password)
        self.presses("Sign in")
        self.sees("Fleet")

    def presses(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def follows(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def region(self, name: str) -> Locator:
        return self.page.get_by_role("region", name=name, exact=True)

    def is_in_state(self, state: str, within_s: float = 60.0) -> None:
        shown = self.page.locator("header").get_by_text(state, exact=True)
        expect(shown).to_be_visible(timeout=within_s * 1000)

    def shoots(self, name: str) -> None:
        self.page.screenshot(path=self._shots / f"{name}.png", full_page=True)

    def nothing_serious(self) -> None:
        """What axe finds on the page as it is. Its code comes past the page's policy."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("Runtime.evaluate", {"expression": AXE.read_text() + "\n;0"})
        told = session.send(
            "Runtime.evaluate",
            {
                "expression": "axe.run().then((found) => JSON.stringify(found))",
                "awaitPromise": True,
                "returnByValue": True,
            },
        )
        session.detach()
        found = json.loads(told["result"]["value"])
        serious = {
            f"{each['id']}: {node['html'][:160]}"
            for each in found["violations"]
            if each["impact"] in BAD
            for node in each["nodes"]
        }
        assert len(found["passes"]) >= FEWEST_RULES, "axe has not looked at the page"
        assert serious == set(), f"{self.page.url}: {sorted(serious)}"

    def fits(self) -> None:
        """Nothing has to be scrolled sideways but what scrolls in itself."""
        width, room = self.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert width <= room, f"{self.page.url} is {width} px wide in {room}"

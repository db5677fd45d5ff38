"""One stack and one Chromium for a whole session, a fresh person for every test."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright

from infra.web.build import NotBuilt, built
from tests.browser.tab import SOON_MS, Tab
from tests.e2e.person import Person
from tests.e2e.running_stack import RunningStack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    OpenTab = Callable[..., Tab]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = __file__.rpartition("/")[0]
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def site() -> Path:
    try:
        return built()
    except NotBuilt as missing:
        pytest.skip(f"the web app is not built: {missing}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed: python -m tests.needs --install")
    expect.set_options(timeout=SOON_MS)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, site: Path) -> Iterator[RunningStack]:
    running = RunningStack(tmp_path_factory.mktemp("stack"))
    try:
        running.start()
        running.demo_is_there()
        yield running
    finally:
        running.end()


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: DUMONT_SHOTS for whoever wants to look at them."""
    wanted = os.environ.get("DUMONT_SHOTS")
    return Path(wanted) if wanted else tmp_path_factory.mktemp("shots")


@pytest.fixture
def open_tab(chromium: Browser, stack: RunningStack, shots: Path) -> Iterator[OpenTab]:
    """A tab of its own profile. Whatever the page complained of fails the test in the end."""
    tabs: list[Tab] = []

    def open_one(*, width: int = 1280, height: int = 900, scheme: str = "light") -> Tab:
        context = chromium.new_context(
            base_url=stack.url,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        tabs.append(Tab(context.new_page(), shots))
        return tabs[-1]

    yield open_one
    for tab in tabs:
        tab.page.context.close()
    complaints = [each for tab in tabs for each in tab.complaints]
    assert complaints == []


@pytest.fixture
def person(stack: RunningStack) -> Iterator[Person]:
    somebody = Person(stack)
    try:
        yield somebody
    finally:
        somebody.lets_go()

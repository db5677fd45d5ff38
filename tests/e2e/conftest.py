"""One stack for a whole session, a fresh person for every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.person import Person
from tests.e2e.running_stack import RunningStack

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = __file__.rpartition("/")[0]
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    running = RunningStack(tmp_path_factory.mktemp("stack"))
    try:
        running.start()
        running.demo_is_there()
        yield running
    finally:
        running.end()


@pytest.fixture
def person(stack: RunningStack) -> Iterator[Person]:
    somebody = Person(stack)
    try:
        yield somebody
    finally:
        somebody.lets_go()

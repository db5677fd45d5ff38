"""What holds for every test: nothing is left out in silence."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


def _demanded() -> bool:
    return os.environ.get("CI") == "true" or os.environ.get("DUMONT_REQUIRE_EMULATORS") == "1"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything is demanded, a session with a skipped test has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not _demanded() or reporter is None or not reporter.stats.get("skipped"):
        return
    reporter.write_line("skipped tests count as failed here (CI or DUMONT_REQUIRE_EMULATORS)")
    session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def root_logger_as_before() -> Iterator[None]:
    """A function that is loaded writes its log to stdout: for its own test only."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = [each for each in root.handlers if each in handlers]
    root.setLevel(level)

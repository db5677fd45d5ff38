"""The genuine emulators, found or started once per worker and ended by their record.

Where none can be found a test is skipped, and says what is missing; where emulators are demanded
(`CI=true` or `DUMONT_REQUIRE_EMULATORS=1`) it fails.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from infra.local.emulators.running import running
from infra.local.emulators.sources import (
    FIRESTORE,
    PUBSUB,
    STORAGE,
    EmulatorMissing,
    source_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.local.emulators.sources import Emulator


def missing(what: str) -> None:
    """Skip, or fail where emulators are demanded."""
    if os.environ.get("CI") == "true" or os.environ.get("DUMONT_REQUIRE_EMULATORS") == "1":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


@contextlib.contextmanager
def firestore_host() -> Iterator[str]:
    with _found(FIRESTORE) as host:
        yield host


@contextlib.contextmanager
def pubsub_host() -> Iterator[str]:
    with _found(PUBSUB) as host:
        yield host


@contextlib.contextmanager
def gcs_url() -> Iterator[str]:
    with _found(STORAGE) as url:
        yield url


@contextlib.contextmanager
def _found(emulator: Emulator) -> Iterator[str]:
    try:
        source_of(emulator, os.environ)
    except EmulatorMissing as error:
        missing(str(error))
    with running(emulator, os.environ) as address:
        yield address

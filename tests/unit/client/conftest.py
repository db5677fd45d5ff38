"""A cloud to talk to, and a client that never really waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from frontend.client.dumont import Dumont
from frontend.client.pace import Pace
from tests.unit.client.fake_cloud import FakeCloud, running_cloud

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class FakeTime:
    """Sleeping moves the clock and is written down."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept_s: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_s += seconds

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with running_cloud() as running:
        yield running


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def pace(time: FakeTime) -> Pace:
    return Pace(timeout_s=5, sleep=time.sleep, monotonic=time.monotonic)


@pytest.fixture
def connect(cloud: FakeCloud, pace: Pace) -> Iterator[Callable[..., Dumont]]:
    """Clients of the cloud; all are closed at the end."""
    opened: list[Dumont] = []

    def open_client(**settings: object) -> Dumont:
        client = Dumont(cloud.url, pace=pace, **settings)  # type: ignore[arg-type]
        opened.append(client)
        return client

    yield open_client
    for client in opened:
        client.close()


@pytest.fixture
def client(connect: Callable[..., Dumont]) -> Dumont:
    """Logged in as ada."""
    return connect(token="access-1", refresh_token="refresh-1")

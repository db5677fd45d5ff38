"""The main job on fakes, without and with a provider that is slow to list."""

from __future__ import annotations

import pytest

from tests.orchestration.cloud import Cloud
from tests.orchestration.job import live_through


@pytest.mark.parametrize("width", [1, 3])
def test_a_workspace_lives_through_everything_and_leaves_nothing(width: int) -> None:
    cloud = Cloud()

    live_through(cloud, width)

    assert not cloud.deaths


def test_a_marketplace_that_lists_late_changes_nothing_but_the_time() -> None:
    cloud = Cloud()
    cloud.market.lag_s = 110.0
    cloud.market.leaving_s = 45.0

    live_through(cloud)

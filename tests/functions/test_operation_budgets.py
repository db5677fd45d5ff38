"""What the calls that are made most may cost, in billed operations, to the last one.

A budget that grows is a bill that grows: whoever changes a figure here says why.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from shared.app.tick import request_snapshots, sweep
from shared.ports.counting import counted
from tests.functions.clouds import (
    INSTANCES,
    WANTED,
    ada,
    client,
    cloud,
    services,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from shared.ports.counting import OperationCounts
    from tests.orchestration.cloud import Cloud

__all__ = ["ada", "client", "cloud", "services"]

AN_API_KEY = 1  # read at each of these calls; a login's token needs none


@pytest.fixture
def running(cloud: Cloud, client: FlaskClient, ada: dict[str, str]) -> str:
    """The id of an instance of Ada's that runs, and never had another machine."""
    return started(cloud, client, ada)


def started(cloud: Cloud, client: FlaskClient, ada: dict[str, str]) -> str:
    alone = {**WANTED, "race": {"width": 1}}
    instance_id = str(client.post(INSTANCES, json=alone, headers=ada).get_json()["instance"]["id"])
    until(cloud, client, ada, instance_id, "running")
    return instance_id


def spent(call: Callable[[], Any]) -> tuple[int, int, int]:
    """Reads, writes and messages of one call, at its second time: the first loads and notes."""
    call()
    with counted() as counts:
        call()
    return billed(counts)


def billed(counts: OperationCounts) -> tuple[int, int, int]:
    return counts.reads, counts.writes + counts.deletes, counts.publishes


@pytest.mark.parametrize(
    ("path", "reads"),
    [
        ("/{id}", 5),  # it, its lease, its machine; its rentals, the provider's clock
        ("/{id}/events?limit=1", 1 + 2),  # the instance; a page of one, and the one after it
        ("/{id}/cost", 5),
    ],
    ids=["one", "timeline", "cost"],
)
def test_what_a_look_at_one_instance_reads(
    client: FlaskClient, ada: dict[str, str], running: str, path: str, reads: int
) -> None:
    at = f"{INSTANCES}{path.format(id=running)}"

    found = spent(lambda: client.get(at, headers=ada))

    assert found == (AN_API_KEY + reads, 0, 0)


def test_a_page_of_instances_reads_each_with_its_machine(
    cloud: Cloud, client: FlaskClient, ada: dict[str, str], running: str
) -> None:
    for _ in range(2):
        started(cloud, client, ada)

    whole = spent(lambda: client.get(INSTANCES, headers=ada))
    first = spent(lambda: client.get(f"{INSTANCES}?limit=2", headers=ada))

    assert whole == (AN_API_KEY + 3 + 3, 0, 0)
    assert first == (AN_API_KEY + 3 + 2, 0, 0)  # one more tells that another page follows


def test_a_sweep_with_nothing_due_asks_its_four_questions(cloud: Cloud, running: str) -> None:
    sweep(cloud.services)  # whatever was due rests now

    # The watch, what is due of leases, instances, accounts and bills.
    assert spent(lambda: sweep(cloud.services)) == (5, 0, 0)


def test_the_hour_asks_once_where_no_snapshot_is_due(cloud: Cloud, running: str) -> None:
    assert spent(lambda: request_snapshots(cloud.services)) == (1, 0, 0)


def test_a_calls_log_line_tells_what_it_was_billed(
    client: FlaskClient, ada: dict[str, str], running: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()

    client.get(INSTANCES, headers=ada)

    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert line["operations"] == {"reads": AN_API_KEY + 1 + 1}

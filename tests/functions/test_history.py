"""What happened to an instance, within a time, as functions-framework serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.functions.clouds import INSTANCES, ada, client, cloud, running, services

if TYPE_CHECKING:
    from flask.testing import FlaskClient

__all__ = ["ada", "client", "cloud", "running", "services"]

Key = dict[str, str]


def kinds(client: FlaskClient, key: Key, instance_id: str, **within: str) -> list[str]:
    answer = client.get(f"{INSTANCES}/{instance_id}/events", query_string=within, headers=key)
    assert answer.status_code == 200, answer.data
    return [each["kind"] for each in answer.get_json()["items"]]


def test_events_are_told_within_a_time_the_newest_first(
    client: FlaskClient, ada: Key, running: str
) -> None:
    events = client.get(f"{INSTANCES}/{running}/events", headers=ada).get_json()["items"]
    moments = [each["at"] for each in events]
    assert moments == sorted(moments, reverse=True)
    assert events[-1]["kind"] == "ordered.create"

    everything = kinds(client, ada, running)
    before = kinds(client, ada, running, until=moments[0])
    after = kinds(client, ada, running, since=moments[0])

    assert after + before == everything
    assert after
    assert before


@pytest.mark.parametrize("listing", ["events", "logs"])
def test_a_time_that_is_over_or_to_come_holds_nothing(
    client: FlaskClient, ada: Key, running: str, listing: str
) -> None:
    path = f"{INSTANCES}/{running}/{listing}"

    long_ago = client.get(path, query_string={"until": "1999-01-01T00:00:00Z"}, headers=ada)
    to_come = client.get(path, query_string={"since": "2999-01-01T00:00:00Z"}, headers=ada)

    assert (long_ago.status_code, long_ago.get_json()["items"]) == (200, [])
    assert (to_come.status_code, to_come.get_json()["items"]) == (200, [])


@pytest.mark.parametrize("listing", ["events", "logs", "metrics"])
def test_a_moment_without_its_zone_is_refused(
    client: FlaskClient, ada: Key, running: str, listing: str
) -> None:
    path = f"{INSTANCES}/{running}/{listing}"

    answer = client.get(path, query_string={"since": "2026-01-01T00:00:00"}, headers=ada)

    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/query/since"

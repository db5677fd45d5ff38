"""/api/hibernation as functions-framework serves it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.app.collections import SLEEP_BOOKS
from shared.domain.ids import InstanceId
from shared.domain.sleep.book import SleepBook, with_spells
from shared.domain.sleep.spells import Spell
from tests.functions.clouds import (
    INSTANCES,
    WANTED,
    ada,
    bob,
    client,
    cloud,
    running,
    services,
    until,
)
from tests.orchestration.cloud import OWNER
from tests.unit.edge.kit import problem

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.functions.conftest import Serve
    from tests.orchestration.cloud import Cloud

__all__ = ["ada", "bob", "client", "cloud", "running", "services"]

Key = dict[str, str]
ROOT = "/api/hibernation"


@pytest.fixture
def settings(serve: Serve, services: object) -> FlaskClient:
    return serve("settings")


def got(settings: FlaskClient, key: Key, path: str) -> dict[str, Any]:
    answer = settings.get(f"{ROOT}/{path}", headers=key)
    assert answer.status_code == 200, answer.data
    found: dict[str, Any] = answer.get_json()
    return found


def test_a_policy_of_ones_own_is_that_of_new_instances(
    settings: FlaskClient, client: FlaskClient, ada: Key, bob: Key
) -> None:
    policy = {
        "adaptive": True,
        "quiet_hours": [{"begins": "09:00", "ends": "18:00", "zone": "Europe/Berlin"}],
        "schedules": [{"action": "sleep", "cron": "0 22 * * *", "zone": "Europe/Berlin"}],
    }

    put = settings.put(f"{ROOT}/policy", json=policy, headers=ada)
    made = client.post(INSTANCES, json=WANTED, headers=ada)
    named = client.post(INSTANCES, json=WANTED | {"hibernation": {"idle_minutes": 9}}, headers=ada)

    assert put.status_code == 200, put.data
    assert got(settings, ada, "policy") == put.get_json()
    assert got(settings, bob, "policy")["adaptive"] is False
    assert made.get_json()["instance"]["hibernation"] == put.get_json()
    assert named.get_json()["instance"]["hibernation"]["adaptive"] is False
    assert named.get_json()["instance"]["hibernation"]["idle_minutes"] == 9


def test_an_instances_policy_is_put_and_read(
    settings: FlaskClient, client: FlaskClient, ada: Key, running: str
) -> None:
    put = settings.put(f"{ROOT}/policy/{running}", json={"idle_minutes": 7}, headers=ada)

    assert put.status_code == 200, put.data
    assert got(settings, ada, f"policy/{running}")["idle_minutes"] == 7
    seen = client.get(f"{INSTANCES}/{running}", headers=ada).get_json()
    assert seen["hibernation"]["idle_minutes"] == 7


@pytest.mark.parametrize(
    ("policy", "pointer"),
    [
        ({"idle_minutes": 0.01}, "/idle_minutes"),
        ({"schedules": [{"action": "sleep", "cron": "99 22 * * *"}]}, "/hibernation/schedules"),
        ({"schedules": [{"action": "nap", "cron": "0 22 * * *"}]}, "/schedules/0/action"),
        (
            {"schedules": [{"action": "wake", "cron": "0 8 * * *", "zone": "../etc"}]},
            "/hibernation/schedules",
        ),
        ({"quiet_hours": [{"begins": "25:00", "ends": "08:00"}]}, "/hibernation/quiet_hours"),
        ({"schedules": [{"action": "wake", "cron": "0 8 * * *"}] * 21}, "/schedules"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(
    settings: FlaskClient, ada: Key, policy: dict[str, Any], pointer: str
) -> None:
    answer = settings.put(f"{ROOT}/policy", json=policy, headers=ada)

    assert answer.status_code == 422, answer.data
    assert [each["pointer"] for each in problem(answer)["errors"]] == [pointer]


@pytest.mark.parametrize("path", ["policy/{}", "explain/{}"])
def test_anothers_instance_is_not_there(
    settings: FlaskClient, bob: Key, running: str, path: str
) -> None:
    assert settings.get(f"{ROOT}/{path.format(running)}", headers=bob).status_code == 404
    asked = {"instance_id": running}
    assert settings.post(f"{ROOT}/simulate", json=asked, headers=bob).status_code == 404
    assert settings.put(f"{ROOT}/policy/{running}", json={}, headers=bob).status_code == 404


def test_it_is_explained_why_it_is_awake_and_when_it_sleeps(
    cloud: Cloud, settings: FlaskClient, ada: Key, running: str
) -> None:
    cloud.run(120)
    busy = got(settings, ada, f"explain/{running}")
    settings.put(f"{ROOT}/policy/{running}", json={"adaptive": True}, headers=ada)
    cloud.machine_of(InstanceId(running)).set_busy(False)
    cloud.until(lambda: got(settings, ada, f"explain/{running}")["weighed"])
    idle = got(settings, ada, f"explain/{running}")

    assert (busy["verdict"], busy["sleeps_at"], busy["held_by"]) == ("busy", None, [])
    assert busy["why"]
    assert idle["verdict"] == "idle"
    assert idle["sleeps_at"] > idle["as_of"]
    assert any("to wait pays until" in each for each in idle["held_by"])
    assert any("assumed" in each for each in idle["weighed"])


def test_hours_asleep_are_counted_while_it_sleeps_and_priced_by_its_last_machine(
    cloud: Cloud, settings: FlaskClient, client: FlaskClient, ada: Key, running: str
) -> None:
    none = got(settings, ada, "stats")
    price = client.get(f"{INSTANCES}/{running}", headers=ada).get_json()["price_usd_per_hour"]
    client.post(f"{INSTANCES}/{running}/hibernate", headers=ada)
    until(cloud, client, ada, running, "asleep")
    cloud.clock.advance(7200)

    stats = got(settings, ada, "stats")

    (mine,) = stats["instances"]
    assert (none["hours_asleep"], none["saved_usd"]) == (0, 0)
    assert (mine["asleep"], mine["naps"], mine["wake_p50_s"]) == (True, 1, None)
    assert mine["hours_asleep"] == pytest.approx(2, abs=0.05)
    assert mine["saved_usd"] == stats["saved_usd"] == pytest.approx(2 * price, rel=0.05)


def test_days_are_replayed_under_another_policy(
    cloud: Cloud, settings: FlaskClient, ada: Key, running: str
) -> None:
    nothing = settings.post(f"{ROOT}/simulate", json={}, headers=ada).get_json()
    now, owner = cloud.clock.now(), OWNER
    spells = [Spell(InstanceId(running), now - timedelta(hours=k), 1800.0) for k in range(2, 40)]
    cloud.store.add(SLEEP_BOOKS, owner, with_spells(SleepBook(owner), spells))
    asked = {"policy": {"idle_minutes": 10}, "days": 1, "instance_id": running}
    before = cloud.store.get(SLEEP_BOOKS, owner), cloud.instance(InstanceId(running))

    answer = settings.post(f"{ROOT}/simulate", json=asked, headers=ada)

    assert answer.status_code == 200, answer.data
    (one,) = answer.get_json()["instances"]
    assert before == (cloud.store.get(SLEEP_BOOKS, owner), cloud.instance(InstanceId(running)))
    assert nothing["instances"][0]["insufficient_data"]
    assert nothing["instances"][0]["asked"] is None
    assert one["spells"] == 23  # of the last day
    assert one["asked"]["wakes"] == 23
    assert one["asked"]["hours_awake"] == pytest.approx(23 * 10 / 60, abs=0.01)
    assert one["now"]["hours_awake"] == pytest.approx(23 * 3 / 60, abs=0.01)
    assert (one["never"]["wakes"], one["never"]["hours_asleep"]) == (0, 0)
    assert one["optimum"]["cost_usd"] <= one["now"]["cost_usd"] <= one["asked"]["cost_usd"]
    assert one["wake"]["measured"] == 0

"""GET /metrics: what a deployment spends, holds, lost and found, and what asking costs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from shared.app.background import record_failure
from shared.app.collections import RENTALS
from shared.domain.instances.model import InstanceState
from shared.domain.principals import Scope
from shared.domain.rentals.labels import label_of
from shared.domain.rentals.model import RentalState
from shared.edge.files import deployed
from shared.ports.marketplace import CreateOrder
from tests.fakes.marketplace import Fault
from tests.functions.clouds import INSTANCES, ada, client, cloud, running, services
from tests.functions.users import as_user
from tests.unit.market.world import an_offer

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from shared.domain.ids import RentalId
    from tests.functions.conftest import Serve
    from tests.orchestration.cloud import Cloud

__all__ = ["ada", "client", "cloud", "running", "services"]

Key = dict[str, str]
STATES = len(InstanceState) - 1 + len(RentalState) - 1  # the ended ones are not counted
ACTS = 7


@pytest.fixture
def system(serve: Serve, services: Any) -> FlaskClient:
    return serve("system")


@pytest.fixture
def prometheus(services: Any) -> Key:
    return as_user(services, "prometheus", operator=True, scopes=(Scope.METRICS,))


def told(system: FlaskClient, prometheus: Key, cloud: Cloud) -> dict[str, float]:
    """Every sample of a summary that is taken now."""
    cloud.clock.advance(61)
    text = system.get("/metrics", headers=prometheus).get_data(as_text=True)
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def stray(cloud: Cloud, rental_id: RentalId, machine: str) -> None:
    key = cloud.secrets.signing_keys("label")[0].secret
    label = label_of("test", rental_id, key)
    cloud.market.place(CreateOrder("0", label, "image", 10, {}, (), "", None), an_offer(machine))


def test_nothing_rented_costs_nothing_and_nothing_is_pending(
    system: FlaskClient, prometheus: Key, cloud: Cloud
) -> None:
    found = told(system, prometheus, cloud)

    assert found["dumont_spend_rate_usd_per_hour"] == 0
    assert found["dumont_releases_pending"] == 0
    assert "dumont_oldest_release_seconds" not in found
    for each in ("orphans_found", "orphans_destroyed", "adoptions", "failovers", "sweeps_stopped"):
        assert found[f"dumont_{each}_total"] == 0
    assert found['dumont_function_errors_total{function="tick"}'] == 0


def test_the_spend_rate_is_that_of_what_stands(
    system: FlaskClient, prometheus: Key, client: FlaskClient, ada: Key, running: str, cloud: Cloud
) -> None:
    cloud.until(lambda: len(cloud.market.standing()) == 1)
    cloud.run(400)
    price = client.get(f"{INSTANCES}/{running}", headers=ada).get_json()["price_usd_per_hour"]

    up = told(system, prometheus, cloud)["dumont_spend_rate_usd_per_hour"]
    client.post(f"{INSTANCES}/{running}/pause", headers=ada)
    cloud.until(lambda: cloud.instance(running).state.value == "paused")  # type: ignore[arg-type]
    paused = told(system, prometheus, cloud)["dumont_spend_rate_usd_per_hour"]

    assert up == pytest.approx(price)
    assert 0 < paused < up


def test_orphans_and_adoptions_are_counted_and_told(
    system: FlaskClient, prometheus: Key, client: FlaskClient, ada: Key, cloud: Cloud
) -> None:
    cloud.market.faults["create"].append(Fault.AFTER)
    wanted = {"want": {"gpu_name": "RTX 4090"}, "race": {"width": 1}}
    made = client.post(INSTANCES, json=wanted, headers=ada).get_json()["instance"]["id"]
    cloud.until(lambda: cloud.instance(made).state is InstanceState.RUNNING)
    stray(cloud, "rent_nobody", "m_lost")  # type: ignore[arg-type]
    primary = cloud.instance(made).primary
    assert primary
    stray(cloud, primary, "m_double")
    cloud.until(lambda: len(cloud.market.standing()) == 1)

    found = told(system, prometheus, cloud)

    assert found["dumont_adoptions_total"] == 1
    assert found["dumont_orphans_found_total"] == 2
    assert found["dumont_orphans_destroyed_total"] == 2
    kinds = [
        each["kind"]
        for each in client.get(f"{INSTANCES}/{made}/events?limit=200", headers=ada).get_json()[
            "items"
        ]
    ]
    assert {"rental.adopted", "orphan.found", "orphan.destroyed"} <= set(kinds)


def test_a_release_is_pending_until_it_is_proven(
    system: FlaskClient, prometheus: Key, client: FlaskClient, ada: Key, running: str, cloud: Cloud
) -> None:
    cloud.until(lambda: len(cloud.market.standing()) == 1)
    cloud.run(300)
    cloud.market.faults["destroy"] += [Fault.REFUSED] * 2
    client.delete(f"{INSTANCES}/{running}?force=true", headers=ada)
    cloud.run(20)

    pending = told(system, prometheus, cloud)
    cloud.until(lambda: cloud.instance(running).state.value == "destroyed")  # type: ignore[arg-type]
    proven = told(system, prometheus, cloud)

    assert pending["dumont_releases_pending"] == 1
    assert pending["dumont_oldest_release_seconds"] >= 61
    assert proven["dumont_releases_pending"] == 0
    events = client.get(f"{INSTANCES}/{running}/events?limit=200", headers=ada).get_json()["items"]
    messages = [each["message"] for each in events if each["kind"] == "release.pending"]
    assert len([each for each in messages if "got no clean yes" in each]) == 1
    assert any("took the destroy" in each for each in messages)


def test_a_sweep_that_stops_at_its_cap_is_told_once_an_hour(
    system: FlaskClient, prometheus: Key, cloud: Cloud, running: str
) -> None:
    for number in range(5):
        stray(cloud, f"rent_lost{number}", f"m{number}")  # type: ignore[arg-type]
    cloud.run(600)

    found = told(system, prometheus, cloud)

    assert (found["dumont_orphans_found_total"], found["dumont_sweeps_stopped_total"]) == (5, 1)
    assert found["dumont_orphans_destroyed_total"] == 0


def test_defects_are_counted_by_function(
    system: FlaskClient, prometheus: Key, client: FlaskClient, services: Any, cloud: Cloud, ada: Key
) -> None:
    record_failure(services, "tick", ValueError("x"))
    record_failure(services, "tick", ValueError("y"))
    account = cloud.store.find  # a defect of ours: what no view foresees

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    services.store._inner.find = broken
    answer = client.get(INSTANCES, headers=ada)
    services.store._inner.find = account

    found = told(system, prometheus, cloud)

    assert answer.status_code == 500
    assert found['dumont_function_errors_total{function="tick"}'] == 2
    assert found['dumont_function_errors_total{function="instances"}'] == 1
    assert found['dumont_function_errors_total{function="auth"}'] == 0


def test_what_a_scrape_reads_is_known_to_the_document(
    system: FlaskClient, prometheus: Key, running: str, cloud: Cloud, capsys: Any
) -> None:
    """Firestore counts a query without a hit as one read."""
    cloud.until(lambda: len(cloud.market.standing()) == 1)
    cloud.run(900)
    assert cloud.store.get(RENTALS, cloud.instance(running).primary or "")  # type: ignore[arg-type]
    names = {*deployed().areas.values(), *(each.name for each in deployed().background)}
    capsys.readouterr()

    system.get("/metrics", headers=prometheus)
    system.get("/metrics", headers=prometheus)

    taken, kept = (json.loads(line)["operations"] for line in capsys.readouterr().out.splitlines())
    paid, leases, releases, unknown = 1, 1, 1, 1
    fresh = 3 + len(names) + STATES + ACTS + paid + leases + releases + unknown
    assert taken == {"reads": fresh, "writes": 1 + 1}  # the key's date of use, the summary
    assert kept == {"reads": 3}

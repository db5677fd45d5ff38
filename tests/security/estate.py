"""What Ada owns when Bob comes by: one of everything that a route can name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.app.collections import SNAPSHOTS_OF_INSTANCE
from tests.security.doors import served
from tests.security.people import Person

if TYPE_CHECKING:
    from tests.orchestration.cloud import Cloud

SECRET = "a word that only Ada knows"
ORDER: dict[str, Any] = {
    "want": {"gpu_name": "RTX 4090"},
    "label": f"{SECRET} (label)",
    "env": {"TOKEN": f"{SECRET} (env)"},
    "onstart": f"echo {SECRET}",
    "race": {"width": 2},
}


@dataclass(frozen=True, slots=True)
class Estate:
    """`ids` by the name that a path or a body gives them; `marks` tell that a text is of it."""

    owner: Person
    ids: Mapping[str, str]
    machine: Mapping[str, str]
    marks: frozenset[str]

    @property
    def instance_id(self) -> str:
        return self.ids["instance_id"]


def settle(cloud: Cloud, owner: Person) -> Estate:
    """A running instance with a snapshot, an operation, a key, a budget, a blocked machine."""
    made = post("instances", "/api/instances", owner, ORDER)
    instance_id = made["instance"]["id"]
    cloud.until(lambda: get(owner, instance_id)["state"] == "running")
    cloud.run(60)
    post("instances", f"/api/instances/{instance_id}/snapshot", owner)
    snapshots = SNAPSHOTS_OF_INSTANCE, {"instance_id": instance_id}
    cloud.until(lambda: cloud.instance(instance_id).head)
    (snapshot,) = cloud.store.find(*snapshots).items
    key = post("auth", "/api/auth/keys", owner, {"name": SECRET, "scopes": ["read"]}, owner.login)
    budget = {"period": "monthly", "cap_usd": 123.45, "instance_id": instance_id}
    put("settings", "/api/budgets", owner, budget)
    machine = {"provider": "vast", "machine_id": "m8"}
    post("machines", "/api/machines/history/blacklist", owner, machine | {"reason": SECRET})
    rentals = [each.order.label.split("/")[2] for each in cloud.market.standing()]
    ids = {
        "instance_id": instance_id,
        "operation_id": made["operation"]["id"],
        "snapshot_id": snapshot.key,
        "key_id": key["id"],
    }
    marks = {SECRET, owner.email, str(owner.id), "123.45", *rentals, *ids.values()}
    return Estate(owner, ids, machine, frozenset(marks))


def get(owner: Person, instance_id: str) -> dict[str, Any]:
    answer = served("instances").get(f"/api/instances/{instance_id}", headers=owner.key)
    assert answer.status_code == 200, answer.data
    found: dict[str, Any] = answer.get_json()
    return found


def post(
    function: str, path: str, owner: Person, body: Any = None, headers: Any = None
) -> dict[str, Any]:
    return _sent("POST", function, path, owner, body, headers)


def put(function: str, path: str, owner: Person, body: Any) -> dict[str, Any]:
    return _sent("PUT", function, path, owner, body)


def _sent(
    method: str, function: str, path: str, owner: Person, body: Any, headers: Any = None
) -> dict[str, Any]:
    client = served(function)
    answer = client.open(path, method=method, json=body or {}, headers=headers or owner.key)
    assert answer.status_code < 300, answer.data
    found: dict[str, Any] = answer.get_json()
    return found

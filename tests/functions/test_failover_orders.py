"""What an owner may say about lost machines, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain.instances.model import InstanceState
from tests.functions.clouds import INSTANCES, WANTED, ada, client, cloud, services
from tests.orchestration.orders import until_state

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.orchestration.cloud import Cloud

__all__ = ["ada", "client", "cloud", "services"]


def running(client: FlaskClient, ada: dict[str, str], cloud: Cloud) -> str:
    made = client.post(INSTANCES, json=WANTED, headers=ada).get_json()["instance"]["id"]
    until_state(cloud, made, InstanceState.RUNNING)
    return str(made)


def test_the_policy_is_told_and_changed(
    client: FlaskClient, ada: dict[str, str], cloud: Cloud
) -> None:
    one = f"{INSTANCES}/{running(client, ada, cloud)}"
    policy: dict[str, Any] = {"enabled": False, "hold_hours": 12, "dead_man_hours": 48}

    before = client.get(one, headers=ada).get_json()["failover"]
    after = client.patch(one, json={"failover": policy}, headers=ada).get_json()["failover"]

    assert before["enabled"] is True
    assert after == {**policy, "resume_when_paid": True}


def test_what_was_never_saved_is_moved_only_when_its_owner_says_so(
    client: FlaskClient, ada: dict[str, str], cloud: Cloud
) -> None:
    """Rule 13."""
    one = f"{INSTANCES}/{running(client, ada, cloud)}/failover"

    unasked = client.post(one, json={}, headers=ada)
    moved = client.post(one, json={"discard_unsaved": True}, headers=ada)

    assert (unasked.status_code, unasked.get_json()["code"]) == (409, "conflict")
    assert moved.status_code == 202
    assert moved.get_json()["operation"]["kind"] == "failover"

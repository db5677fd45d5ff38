"""/agent/v1 as functions-framework serves it: who may speak, and what a beat costs."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.agent_wire import messages as wire
from shared.agent_wire.codec import decode, encode
from shared.app.collections import LEASES, RENTALS, SNAPSHOTS
from shared.domain.errors import StoreError
from shared.domain.machines.tokens import MachineToken, machine_token
from shared.edge.headers import API_POLICY
from shared.ports.counting import counted
from tests.functions.clouds import INSTANCES, ada, client, cloud, running, services
from tests.unit.edge.kit import problem

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.functions.conftest import Serve
    from tests.orchestration.cloud import Cloud

__all__ = ["ada", "client", "cloud", "running", "services"]

BUSY = wire.AgentStatus(wire.READY, wire.Idleness(wire.BUSY, 0.0), "boot-1")
IDLE = wire.AgentStatus(wire.READY, wire.Idleness(wire.IDLE, 500.0), "boot-1")
ALL_PATHS = (wire.PATH_HEARTBEAT, wire.PATH_EVENTS, wire.PATH_UPLOADS)


class Agent:
    """What one machine says over HTTP, by hand."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client = client
        self.token = token

    def say(self, path: str, message: object) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return self.client.post(path, data=encode(message), headers=headers)

    def beat(self, state_seq: int = 1, **fields: Any) -> wire.HeartbeatAnswer:
        request = wire.HeartbeatRequest(state_seq=state_seq, clock=0.0, **fields)
        answer = self.say(wire.PATH_HEARTBEAT, request)
        assert answer.status_code == 200, answer.data
        return decode(wire.HeartbeatAnswer, answer.data)

    def uploads(self, snapshot_id: str) -> wire.UploadsAnswer:
        answer = self.say(wire.PATH_UPLOADS, wire.UploadsRequest(snapshot_id))
        assert answer.status_code == 200, answer.data
        return decode(wire.UploadsAnswer, answer.data)


@pytest.fixture
def agent(serve: Serve, cloud: Cloud, running: str) -> Agent:
    """The agent of the running instance's machine; its fake goes on no further."""
    machine = cloud.machine_of(running)  # type: ignore[arg-type]
    assert machine.boot
    cloud.services.command_index.forget()
    return Agent(serve("agent"), machine.boot.token)


# --- what a beat costs


def test_a_machine_that_proved_itself_is_answered_without_what_only_browsers_read(
    agent: Agent,
) -> None:
    """A beat is answered to a program: what browsers are told would be most of
    what leaves the cloud. Whoever has no machine's token, a page for one, is told it as ever.
    """
    request = wire.HeartbeatRequest(state_seq=1, clock=0.0, status=BUSY)

    answered = agent.say(wire.PATH_HEARTBEAT, request)
    agent.token = "x"
    refused = agent.say(wire.PATH_HEARTBEAT, request)

    assert (answered.status_code, refused.status_code) == (200, 401)
    assert dict(answered.headers) == {
        "Content-Type": "application/json",
        "Cache-Control": "no-store",
        "Content-Length": str(len(answered.data)),
    }
    assert refused.headers["Content-Security-Policy"] == API_POLICY
    assert refused.headers["X-Content-Type-Options"] == "nosniff"


def test_a_steady_beat_is_answered_in_two_hundred_bytes(agent: Agent) -> None:
    first = agent.beat(7, status=BUSY)

    with counted() as costs:
        agent.beat(7, receipt=first.receipt)

    assert costs.sent_bytes <= 200


def test_the_first_beat_writes_the_lease_and_a_steady_one_nothing(
    agent: Agent, cloud: Cloud
) -> None:
    first = agent.beat(7, status=BUSY)
    agent.beat(7, receipt=first.receipt)

    with counted() as costs:
        for _ in range(100):
            cloud.clock.advance(1.0)
            steady = agent.beat(7, receipt=first.receipt)

    assert steady.receipt == "", "it keeps the one it has"
    assert costs.writes == 0
    assert costs.deletes == 0
    assert costs.publishes == 0
    assert costs.reads <= 100 / cloud.settings.command_index_cache_s  # the index, of all machines


def test_within_five_seconds_a_steady_beat_reads_nothing_at_all(agent: Agent) -> None:
    receipt = agent.beat(7, status=BUSY).receipt

    with counted() as costs:
        for _ in range(20):
            agent.beat(7, receipt=receipt)

    counted_at_all = {name: n for name, n in costs.amounts().items() if n}
    assert counted_at_all.pop("sent_bytes") < 20 * 1000
    assert counted_at_all == {"invocations": 20}


def test_a_change_of_state_is_written_once(agent: Agent, cloud: Cloud) -> None:
    receipt = agent.beat(7, status=BUSY).receipt

    with counted() as costs:
        changed = agent.beat(8, status=IDLE)
        agent.beat(8, receipt=changed.receipt)

    assert (costs.writes, costs.reads) == (1, 0)  # the lease, whose version this process knows
    assert changed.receipt != receipt
    assert [event.topic for event in cloud.bus.waiting] == ["instance-idle"]


def test_a_receipt_is_renewed_when_its_time_is_over(agent: Agent, cloud: Cloud) -> None:
    receipt = agent.beat(7, status=BUSY).receipt
    cloud.clock.advance(cloud.settings.lease_renewal_s)

    with counted() as costs:
        renewed = agent.beat(7, receipt=receipt)

    assert renewed.receipt != receipt
    assert costs.writes == 1


def test_a_receipt_whose_write_failed_is_not_handed_out(
    agent: Agent, services: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StoreError("away")

    monkeypatch.setattr(services.store._inner, "save", away)
    monkeypatch.setattr(services.store._inner, "add", away)
    request = wire.HeartbeatRequest(state_seq=8, clock=0.0, status=BUSY)

    answer = agent.say(wire.PATH_HEARTBEAT, request)

    assert problem(answer)["status"] == 503


@pytest.mark.parametrize("damage", ["", "x", "a.b.c", "other"])
def test_a_receipt_that_is_not_ours_is_written_anew(
    agent: Agent, cloud: Cloud, damage: str
) -> None:
    receipt = agent.beat(7, status=BUSY).receipt
    shown = receipt[:-2] + "xx" if damage == "other" else damage

    with counted() as costs:
        answer = agent.beat(7, receipt=shown)

    assert costs.writes == 1
    assert answer.receipt


def test_a_state_that_went_and_came_back_is_news_under_its_new_number(agent: Agent) -> None:
    """A to B to A: the old receipt says nothing of what lay between."""
    first = agent.beat(1, status=BUSY).receipt
    agent.beat(2, status=IDLE)

    with counted() as costs:
        agent.beat(3, receipt=first)

    assert costs.writes == 1


# --- who may speak


@pytest.mark.parametrize("path", ALL_PATHS)
@pytest.mark.parametrize("kind", ["none", "forged", "expired", "user", "bootstrap"])
def test_only_a_good_machine_token_speaks(
    agent: Agent, cloud: Cloud, services: Any, ada: dict[str, str], path: str, kind: str
) -> None:
    good = agent.token
    headers = {
        "none": {},
        "forged": {"Authorization": f"Bearer {good[:-3]}xyz"},
        "expired": {"Authorization": f"Bearer {good}"},
        "user": ada,
        "bootstrap": {"Authorization": f"Bearer {_bootstrap(cloud)}"},
    }[kind]
    if kind == "expired":
        cloud.clock.advance(3601)

    answer = agent.client.post(path, data=b"{}", headers=headers)

    assert (answer.status_code, problem(answer)["code"]) == (401, "unauthenticated")


def _bootstrap(cloud: Cloud) -> str:
    contract = cloud.market.standing()[0]
    return contract.order.env[wire.ENV_TOKEN]


def test_a_token_near_its_end_is_made_longer(agent: Agent, cloud: Cloud, services: Any) -> None:
    cloud.clock.advance(3600 - 800)

    fresh = agent.beat(7, status=BUSY).machine_token

    keys = tuple((k.kid, k.secret) for k in services.secrets.signing_keys("machine"))
    known = machine_token(fresh, keys, cloud.clock.now())
    left = known.expires_at - cloud.clock.now()  # a token tells whole seconds
    assert timedelta(seconds=3599) < left <= timedelta(hours=1)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"{", b'{"state_seq":"1","clock":0}', b'{"state_seq":1,"clock":NaN}'],
)
def test_a_message_that_cannot_be_read_is_400(agent: Agent, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {agent.token}"}

    answer = agent.client.post(wire.PATH_HEARTBEAT, data=body, headers=headers)

    assert (answer.status_code, problem(answer)["code"]) == (400, "malformed")


def test_fields_of_a_newer_agent_are_ignored(agent: Agent) -> None:
    request = json.loads(encode(wire.HeartbeatRequest(state_seq=1, clock=0.0, status=BUSY)))
    headers = {"Authorization": f"Bearer {agent.token}"}

    answer = agent.client.post(
        wire.PATH_HEARTBEAT, json=request | {"mood": "good"}, headers=headers
    )

    assert answer.status_code == 200


# --- what a fenced machine can do


def test_a_fenced_machine_gets_no_right_to_write(
    agent: Agent, client: FlaskClient, cloud: Cloud, ada: dict[str, str], running: str
) -> None:
    """Its token and its open snapshot are good; the instance has moved on (rules 11, 12)."""
    client.post(f"{INSTANCES}/{running}/snapshot", json={}, headers=ada)
    snapshot_id = cloud.instance(running).open_snapshot or ""  # type: ignore[arg-type]
    before = agent.uploads(snapshot_id)
    client.delete(f"{INSTANCES}/{running}?final_snapshot=false", headers=ada)
    cloud.deliver()

    after = agent.uploads(snapshot_id)

    assert (before.status, after.status) == (wire.OK, wire.FENCED)
    assert (after.write, after.read) == (None, None)


@pytest.mark.parametrize("change", ["epoch", "state", "deadline", "rental", "snapshot"])
def test_a_right_to_write_needs_every_document_to_agree(
    agent: Agent, client: FlaskClient, cloud: Cloud, ada: dict[str, str], running: str, change: str
) -> None:
    client.post(f"{INSTANCES}/{running}/snapshot", json={}, headers=ada)
    snapshot_id = str(cloud.instance(running).open_snapshot)  # type: ignore[arg-type]
    stored = cloud.store.get(SNAPSHOTS, snapshot_id)
    assert stored
    changes: dict[str, dict[str, Any]] = {
        "epoch": {"epoch": 9},
        "state": {"state": type(stored.value.state)("uploaded")},
        "deadline": {"deadline": cloud.clock.now()},
        "rental": {"rental_id": "rent_other"},
        "snapshot": {},
    }
    other = replace(stored.value, **changes[change])
    cloud.store.save(SNAPSHOTS, snapshot_id, other, stored.version)

    answer = agent.uploads("snap_other" if change == "snapshot" else snapshot_id)

    assert answer.status == wire.CLOSED
    assert (answer.write, answer.read) == (None, None)


def test_a_right_to_write_is_short_and_for_one_prefix(
    agent: Agent, client: FlaskClient, cloud: Cloud, ada: dict[str, str], running: str
) -> None:
    client.post(f"{INSTANCES}/{running}/snapshot", json={}, headers=ada)
    instance = cloud.instance(running)  # type: ignore[arg-type]

    answer = agent.uploads(instance.open_snapshot or "")

    assert answer.write
    assert answer.write.prefix == f"snapshots/{running}/{instance.epoch}-{instance.primary}/"
    assert answer.write.expires_at - cloud.clock.now().timestamp() <= 900
    assert answer.read
    assert not answer.read.write


def test_a_machine_is_given_its_own_rentals_key_and_a_closed_snapshot_gives_none(
    agent: Agent, client: FlaskClient, cloud: Cloud, ada: dict[str, str], running: str
) -> None:
    """The key goes to the one place under which its machine may write; it is kept sealed."""
    client.post(f"{INSTANCES}/{running}/snapshot", json={}, headers=ada)
    instance = cloud.instance(running)  # type: ignore[arg-type]
    kept = cloud.store.get(RENTALS, instance.primary or "")
    assert kept

    given = agent.uploads(instance.open_snapshot or "")
    closed = agent.uploads("snap_other")

    (key,) = given.keys
    assert given.write
    assert (key.prefix, key.wrapped) == (given.write.prefix, kept.value.data_key)
    assert len(base64.b64decode(key.secret)) == 32
    assert key.secret not in repr((kept.value, key))
    assert closed.keys == ()


def test_the_token_of_another_rental_is_of_no_use(
    agent: Agent, cloud: Cloud, services: Any, running: str
) -> None:
    keys = tuple((k.kid, k.secret) for k in services.secrets.signing_keys("machine"))
    known = machine_token(agent.token, keys, cloud.clock.now())
    other: MachineToken = replace(known, rental_id=type(known.rental_id)("rent_other"))
    agent.token = other.text(keys)

    answer = agent.beat(1, status=BUSY)

    assert answer.status == wire.FENCED
    assert cloud.store.get(LEASES, "rent_other") is None


# --- the onstart line's word


def test_a_machine_without_python_says_so_and_a_forged_word_is_refused(
    serve: Serve, client: FlaskClient, cloud: Cloud, ada: dict[str, str]
) -> None:
    client.post(INSTANCES, json={}, headers=ada)
    cloud.until(cloud.market.standing)
    agent = serve("agent")
    token = _bootstrap(cloud)

    forged = agent.post(
        wire.PATH_BOOT_FAILED, data=encode(wire.BootFailed(token[:-2] + "xx", "no"))
    )
    told = agent.post(wire.PATH_BOOT_FAILED, data=encode(wire.BootFailed(token, "no Python")))

    assert (forged.status_code, told.status_code) == (401, 204)
    contract = cloud.market.standing()[0]
    cloud.until(lambda: contract.destroyed_at, 120)
    rental = cloud.store.get(RENTALS, contract.order.label.split("/")[2])
    assert rental
    assert "no Python" in rental.value.reason

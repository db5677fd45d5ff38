"""/proxy as functions-framework serves it, before a real server on this computer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.app.auth.api_keys import create_key
from shared.app.collections import INSTANCES, RENTALS
from shared.app.serverless.enable import enable
from shared.domain.ids import InstanceId, UserId
from shared.domain.instances.model import InstanceState
from shared.domain.principals import Principal, Scope
from shared.domain.rentals.model import Address
from shared.domain.serverless.model import Serverless
from tests.functions.clouds import ada, bob, client, cloud, running, services, until
from tests.functions.upstream import Upstream, closing, upstream
from tests.orchestration.cloud import OWNER
from tests.unit.edge.kit import key_of, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

    from tests.functions.conftest import Serve
    from tests.orchestration.cloud import Cloud

__all__ = ["ada", "bob", "client", "cloud", "running", "services"]

Key = dict[str, str]
INSTANCES_PATH = "/api/instances"


@pytest.fixture
def proxy(serve: Serve, services: Any) -> FlaskClient:
    return serve("wake_proxy")


@pytest.fixture
def machine() -> Iterator[Upstream]:
    with upstream() as told:
        yield told


@pytest.fixture
def served(cloud: Cloud, running: str, machine: Upstream) -> str:
    """The running instance, whose provider says where the machine's server is."""
    cloud.settings = replace(cloud.settings, machines_at_loopback=True)
    cloud.services.settings = cloud.settings
    placed(cloud, running, machine.port)
    return running


def placed(cloud: Cloud, instance_id: Any, port: int, ip: str = "127.0.0.1") -> None:
    stored = cloud.store.get(RENTALS, cloud.instance(instance_id).primary or "")
    assert stored
    at = Address(public_ip=ip, ports=((8080, port),))
    cloud.store.save(RENTALS, stored.key, replace(stored.value, address=at), stored.version)


def leases(cloud: Cloud, instance_id: Any) -> int:
    return len(cloud.instance(instance_id).inference)


def lives(cloud: Cloud, machine: Upstream, instance_id: Any) -> None:
    """From now on time that somebody waits is time in which the cloud works."""
    sleep = cloud.clock.sleep

    def live(seconds: float) -> None:
        sleep(seconds)
        cloud.step()
        if cloud.instance(instance_id).primary:
            placed(cloud, instance_id, machine.port)

    cloud.clock.sleep = live  # type: ignore[method-assign]


def asleep(cloud: Cloud, client: FlaskClient, ada: Key, instance_id: str) -> None:
    cloud.market.boot_s = 5.0
    enable(cloud.services, OWNER, cloud.instance(instance_id).id, Serverless())  # type: ignore[arg-type]
    cloud.machine_of(instance_id).set_busy(None)  # type: ignore[arg-type]
    until(cloud, client, ada, instance_id, "asleep")


def test_a_request_reaches_the_machine_as_it_was_and_streams_back(
    cloud: Cloud, proxy: FlaskClient, ada: Key, served: str, machine: Upstream
) -> None:
    answer = proxy.post(
        f"/proxy/{served}/v1/chat%20now?stream=true&demo=maybe&demo=x",
        data=b'{"a": 1, "a": 2}',
        headers=ada | {"Content-Type": "application/x-own", "Cookie": "a=1", "X-Own": "yes"},
    )

    assert answer.status_code == 200
    assert answer.data == b"data: 1\n\ndata: 2\n\n"
    assert answer.content_type == "text/event-stream"
    (method, target, headers, body) = machine.seen[0]
    assert (method, target) == ("POST", "/v1/chat%20now?stream=true&demo=maybe&demo=x")
    assert body == b'{"a": 1, "a": 2}'
    assert headers["x-own"] == "yes"
    assert headers["host"] == f"127.0.0.1:{machine.port}"
    assert not {"authorization", "cookie", "x-dumont-key"} & set(headers)


def test_what_comes_back_speaks_for_the_machine_and_not_for_us(
    proxy: FlaskClient, ada: Key, served: str
) -> None:
    answer = proxy.get(f"/proxy/{served}/teapot", headers=ada)

    assert answer.status_code == 418
    assert "Set-Cookie" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_key_of_its_own_leaves_authorization_to_the_machine(
    proxy: FlaskClient, ada: Key, served: str, machine: Upstream
) -> None:
    key = ada["Authorization"].removeprefix("Bearer ")
    headers = {"X-Dumont-Key": key, "Authorization": "Bearer of-the-app"}

    assert proxy.get(f"/proxy/{served}", headers=headers).status_code == 200

    (_, target, sent, _) = machine.seen[0]
    assert (target, sent["authorization"]) == ("/", "Bearer of-the-app")
    assert key not in str(sent)


def test_a_request_is_held_while_its_instance_wakes(
    cloud: Cloud, client: FlaskClient, proxy: FlaskClient, ada: Key, served: str, machine: Upstream
) -> None:
    asleep(cloud, client, ada, served)
    lives(cloud, machine, served)

    answer = proxy.post(f"/proxy/{served}/ask", data=b"?", headers=ada)

    assert (answer.status_code, answer.data[:7]) == (200, b"data: 1")
    assert [each[3] for each in machine.seen] == [b"?"]
    assert leases(cloud, served) == 0


def test_who_waits_in_vain_is_told_when_to_come_again(
    cloud: Cloud, client: FlaskClient, proxy: FlaskClient, ada: Key, served: str, machine: Upstream
) -> None:
    asleep(cloud, client, ada, served)
    began = cloud.clock.monotonic_s()

    answer = proxy.get(f"/proxy/{served}/ask", headers=ada)

    told = problem(answer)
    assert (answer.status_code, told["code"]) == (503, "not_awake")
    assert int(answer.headers["Retry-After"]) >= 1
    assert f"/api/serverless/status/{served}" in told["detail"]
    assert 54 <= cloud.clock.monotonic_s() - began <= 56
    assert cloud.instance(served).desired == "running"  # type: ignore[arg-type]
    assert (leases(cloud, served), machine.seen) == (0, [])


def being_filled(cloud: Cloud, instance_id: Any, *, usable: bool) -> None:
    """Its files are on their way; what is used first is back, or not yet."""
    stored = cloud.store.get(INSTANCES, instance_id)
    assert stored
    filled = replace(
        stored.value,
        state=InstanceState.RESTORING,
        usable_at=cloud.clock.now() if usable else None,
    )
    cloud.store.save(INSTANCES, stored.key, filled, stored.version)


def test_a_request_goes_through_as_soon_as_the_workspace_is_usable(
    cloud: Cloud, proxy: FlaskClient, ada: Key, served: str, machine: Upstream
) -> None:
    being_filled(cloud, served, usable=True)

    assert proxy.get(f"/proxy/{served}/", headers=ada).status_code == 200
    assert len(machine.seen) == 1


def test_until_what_is_used_first_is_back_nothing_is_forwarded(
    cloud: Cloud, proxy: FlaskClient, ada: Key, served: str, machine: Upstream
) -> None:
    being_filled(cloud, served, usable=False)

    answer = proxy.get(f"/proxy/{served}/", headers=ada)

    assert (answer.status_code, problem(answer)["code"]) == (503, "not_awake")
    assert machine.seen == []


def test_a_connection_that_is_closed_before_anything_was_said_is_tried_again(
    cloud: Cloud, proxy: FlaskClient, ada: Key, served: str, machine: Upstream
) -> None:
    with closing() as port:
        placed(cloud, served, port)
        sleep = cloud.clock.sleep

        def listen(seconds: float) -> None:
            sleep(seconds)
            placed(cloud, served, machine.port)

        cloud.clock.sleep = listen  # type: ignore[method-assign]

        answer = proxy.post(f"/proxy/{served}/ask", data=b"?", headers=ada)

    assert answer.status_code == 200
    assert [each[3] for each in machine.seen] == [b"?"]


def test_an_event_reaches_the_caller_before_the_next_one_is_made(
    proxy: FlaskClient, ada: Key, served: str, machine: Upstream
) -> None:
    answer = proxy.get(f"/proxy/{served}/slowly", headers=ada, buffered=False)
    parts: Iterator[Any] = iter(answer.response)

    assert next(parts) == b"data: 1\n\n"
    assert not machine.may_end.is_set()
    machine.may_end.set()
    assert b"".join(parts) == b"data: 2\n\n"
    answer.close()


@pytest.mark.parametrize("upgrade", ["websocket", "h2c, WebSocket/13"])
def test_who_asks_for_a_websocket_is_told_that_none_is_carried_and_nothing_wakes(
    cloud: Cloud, client: FlaskClient, proxy: FlaskClient, ada: Key, served: str, upgrade: str
) -> None:
    asleep(cloud, client, ada, served)

    answer = proxy.get(
        f"/proxy/{served}/ws", headers=ada | {"Connection": "Upgrade", "Upgrade": upgrade}
    )

    assert (answer.status_code, problem(answer)["code"]) == (501, "upgrade_unsupported")
    assert cloud.instance(served).desired == "asleep"  # type: ignore[arg-type]


def test_another_offer_to_upgrade_is_passed_over(
    proxy: FlaskClient, ada: Key, served: str, machine: Upstream
) -> None:
    headers = ada | {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c"}

    assert proxy.get(f"/proxy/{served}/", headers=headers).status_code == 200
    assert "upgrade" not in machine.seen[0][2]


def test_a_machine_on_which_nothing_listens_yet_is_waited_for(
    cloud: Cloud, proxy: FlaskClient, ada: Key, served: str, machine: Upstream
) -> None:
    placed(cloud, served, 1)
    sleep, waits = cloud.clock.sleep, []

    def listen(seconds: float) -> None:
        sleep(seconds)
        waits.append(seconds)
        if len(waits) == 3:
            placed(cloud, served, machine.port)

    cloud.clock.sleep = listen  # type: ignore[method-assign]

    assert proxy.get(f"/proxy/{served}/", headers=ada).status_code == 200
    assert len(machine.seen) == 1


@pytest.mark.parametrize("path", ["nonsense", "cut"])
def test_an_answer_that_is_not_clean_is_not_asked_for_again(
    cloud: Cloud, proxy: FlaskClient, ada: Key, served: str, machine: Upstream, path: str
) -> None:
    if path == "nonsense":
        answer = proxy.get(f"/proxy/{served}/{path}", headers=ada)
        assert (answer.status_code, problem(answer)["code"]) == (502, "upstream_failed")
    else:
        with pytest.raises(Exception, match="cut off"):
            _ = proxy.get(f"/proxy/{served}/{path}", headers=ada).data
    assert len(machine.seen) == 1
    assert leases(cloud, served) == 0


def test_the_lease_lasts_as_long_as_the_answer(
    cloud: Cloud, proxy: FlaskClient, ada: Key, served: str
) -> None:
    answer = proxy.get(f"/proxy/{served}/", headers=ada, buffered=False)
    assert leases(cloud, served) == 1

    answer.close()

    assert leases(cloud, served) == 0


@pytest.mark.parametrize("ip", ["169.254.169.254", "10.0.0.1", "metadata.google.internal"])
def test_an_address_inside_our_own_house_is_never_called(
    cloud: Cloud, proxy: FlaskClient, ada: Key, served: str, machine: Upstream, ip: str
) -> None:
    placed(cloud, served, machine.port, ip)

    answer = proxy.get(f"/proxy/{served}/", headers=ada)

    assert (answer.status_code, problem(answer)["code"]) == (422, "invalid")
    assert (leases(cloud, served), machine.seen) == (0, [])


def test_this_computer_is_not_called_where_machines_are_real(
    cloud: Cloud, proxy: FlaskClient, ada: Key, served: str, machine: Upstream
) -> None:
    cloud.services.settings = replace(cloud.settings, machines_at_loopback=False)

    assert proxy.get(f"/proxy/{served}/", headers=ada).status_code == 422
    assert machine.seen == []


@pytest.mark.parametrize("port", ["22", "9", "x"])
def test_a_port_that_is_not_the_instances_is_refused(
    proxy: FlaskClient, ada: Key, served: str, machine: Upstream, port: str
) -> None:
    answer = proxy.get(f"/proxy/{served}/", headers=ada | {"X-Dumont-Port": port})

    assert answer.status_code == 422
    assert machine.seen == []


def test_nobody_comes_in_without_a_right_to_write_and_nobody_else_at_all(
    services: Any, proxy: FlaskClient, bob: Key, served: str, machine: Upstream
) -> None:
    reader = key_of(services, "ada", Scope.READ)
    wanted = {401: {}, 403: reader, 404: bob}
    for status, headers in wanted.items():
        for method in ("get", "post", "delete"):
            call = getattr(proxy, method)
            assert call(f"/proxy/{served}/?demo=true", headers=headers).status_code == status
    wrong = {"X-Dumont-Key": "dc_live_wrong", **bob}
    assert proxy.get(f"/proxy/{served}/", headers=wrong).status_code == 401
    assert machine.seen == []


def test_a_key_for_one_instance_opens_its_server_and_nothing_else(
    services: Any, client: FlaskClient, proxy: FlaskClient, served: str, machine: Upstream
) -> None:
    own = proxy_key(services, "ada", served)

    assert proxy.get(f"/proxy/{served}/", headers=own).status_code == 200
    assert proxy.get("/proxy/inst_another/", headers=own).status_code == 404
    seen = [
        client.get(path, headers=own) for path in (INSTANCES_PATH, f"{INSTANCES_PATH}/{served}")
    ]
    ended = client.delete(f"{INSTANCES_PATH}/{served}", headers=own)
    assert [each.status_code for each in (*seen, ended)] == [403, 403, 403]
    assert len(machine.seen) == 1


def test_a_key_for_another_instance_or_of_another_owner_does_not_open_this_one(
    services: Any, proxy: FlaskClient, served: str, machine: Upstream
) -> None:
    for key in (proxy_key(services, "ada", "inst_other"), proxy_key(services, "bob", served)):
        assert proxy.get(f"/proxy/{served}/", headers=key).status_code == 404

    assert machine.seen == []


def test_a_key_with_the_scope_opens_the_servers_of_all_its_owners_instances(
    services: Any, proxy: FlaskClient, served: str
) -> None:
    headers = key_of(services, "ada", Scope.PROXY)

    assert proxy.get(f"/proxy/{served}/", headers=headers).status_code == 200


def proxy_key(services: Any, name: str, instance_id: str) -> Key:
    owner = Principal(UserId(f"user_{name}"), frozenset(), session="login")
    made = create_key(services, owner, name, [Scope.PROXY], None, InstanceId(instance_id))
    return {"Authorization": f"Bearer {made.text}"}


def test_a_body_that_is_too_long_goes_nowhere(
    proxy: FlaskClient, ada: Key, served: str, machine: Upstream
) -> None:
    answer = proxy.post(f"/proxy/{served}/", data=b"x" * ((8 << 20) + 1), headers=ada)

    assert answer.status_code == 413
    assert machine.seen == []

"""Volumes, keys, logs, money in advance: the smaller calls of sections 5.3, 7 and 8."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.simulators_vast.exchange import Exchange, open_exchange


@pytest.fixture
def exchange() -> Exchange:
    return open_exchange()


def volume_offer(exchange: Exchange) -> Any:
    query = {"disk_space": {"gte": 60}, "limit": 1}
    return exchange.ask("POST", "/api/v0/volumes/search/", query)["offers"][0]


def make_volume(exchange: Exchange, size: float = 20) -> int:
    body = {"size": size, "id": volume_offer(exchange)["id"], "name": "data"}
    made = exchange.ask("PUT", "/api/v0/volumes/", body)
    return int(made["volume_name"].removeprefix("V."))


@pytest.mark.parametrize("where", ["query", "body"])
def test_a_volume_is_deleted_by_query_or_body(exchange: Exchange, where: str) -> None:
    volume_id = make_volume(exchange)
    if where == "query":
        exchange.ask("DELETE", "/api/v0/volumes/", {}, query=f"id={volume_id}")
    else:
        exchange.ask("DELETE", "/api/v0/volumes", {"id": str(volume_id)})

    assert exchange.last.status == 200
    assert exchange.ask("GET", "/api/v0/volumes", query="owner=me")["volumes"] == []


@pytest.mark.parametrize("size", [0, -5, 1e9, "huge"])
def test_a_volume_of_impossible_size_is_refused(exchange: Exchange, size: object) -> None:
    body = {"size": size, "id": volume_offer(exchange)["id"]}
    exchange.ask("PUT", "/api/v0/volumes/", body)

    assert exchange.last.status == 400


def test_a_volume_in_use_stays_and_fits_its_own_machine_only(exchange: Exchange) -> None:
    volume_id = make_volume(exchange)
    volume = exchange.world.volumes[volume_id]
    link = {"mount_path": "/mnt", "create_new": False, "volume_id": volume_id}
    own = exchange.world.slices[volume.slot].ask_id
    elsewhere = next(ask for ask, slot in exchange.world.asks.items() if slot != volume.slot)

    body = {"image": "i", "volume_info": link}
    exchange.ask("PUT", f"/api/v0/asks/{elsewhere}/", body)
    assert exchange.last.status == 400
    contract_id = exchange.rent(own, volume_info=link)
    exchange.ask("DELETE", "/api/v0/volumes/", {"id": volume_id})
    assert exchange.last.status == 400
    assert exchange.show(contract_id)["volume_info"][0]["id"] == volume_id
    exchange.ask("DELETE", f"/api/v0/instances/{contract_id}/", {})
    exchange.ask("DELETE", "/api/v0/volumes/", {"id": volume_id})

    assert exchange.last.status == 200


def test_a_volume_costs_until_it_is_deleted(exchange: Exchange) -> None:
    volume_id = make_volume(exchange, size=50)
    exchange.wait(720 * 3600)
    exchange.ask("DELETE", "/api/v0/volumes/", {"id": volume_id})
    exchange.wait(720 * 3600)

    (line,) = exchange.ask("GET", "/api/v0/charges/")["results"]

    price = exchange.world.volumes[volume_id].usd_per_gb_month
    assert line["type"] == "volume"
    assert line["amount"] == pytest.approx(50 * price)


def test_a_copy_cannot_be_smaller_than_its_source(exchange: Exchange) -> None:
    volume_id = make_volume(exchange)
    body = {"src_id": volume_id, "dst_id": volume_offer(exchange)["id"]}

    exchange.ask("POST", "/api/v0/volumes/copy/", {**body, "size": 5})
    assert exchange.last.status == 400
    exchange.ask("POST", "/api/v0/volumes/copy/", body)

    assert len(exchange.world.volumes) == 2


def test_ssh_keys_of_account_and_instance(exchange: Exchange) -> None:
    exchange.ask("POST", "/api/v0/ssh/", {"ssh_key": "ssh-ed25519 AAAA account"})
    (key,) = exchange.ask("GET", "/api/v0/ssh/")
    contract_id = exchange.rent()
    path = f"/api/v0/instances/{contract_id}/ssh/"
    exchange.ask("POST", path, {"ssh_key": "ssh-ed25519 BBBB mine"})

    keys = json.loads(exchange.ask("GET", path)["ssh_keys"])

    assert [each["public_key"].split()[-1] for each in keys] == ["account", "mine"]
    exchange.ask("DELETE", f"{path}{keys[1]['id']}/", {})
    assert list(exchange.contract(contract_id).ssh_keys.values()) == ["ssh-ed25519 AAAA account"]
    exchange.ask("DELETE", f"/api/v0/ssh/{key['id']}/", {})
    assert exchange.ask("GET", "/api/v0/ssh/") == []
    exchange.ask("DELETE", "/api/v0/ssh/5/", {})
    assert exchange.last.status == 404


def test_a_result_is_404_first_and_needs_no_key(exchange: Exchange) -> None:
    contract_id = exchange.rent_running()
    body = {"tail": "5", "filter": "x"}
    told = exchange.ask("PUT", f"/api/v0/instances/request_logs/{contract_id}/", body)
    path = told["result_url"]

    exchange.ask("GET", path, key="")
    assert exchange.last.status == 404
    exchange.real_now += exchange.world.knobs.result_delay_s
    exchange.ask("GET", path, key="")

    assert exchange.last.status == 200


@pytest.mark.parametrize(
    ("command", "status"),
    [("ls -l", 200), ("du -s .", 200), ("cat x", 400), ("ls 'x", 400), ("", 483), (5, 483)],
)
def test_execute_knows_three_commands(exchange: Exchange, command: object, status: int) -> None:
    contract_id = exchange.rent_running()
    exchange.put(contract_id, state="stopped")
    exchange.wait(10)

    exchange.ask("PUT", f"/api/v0/instances/command/{contract_id}/", {"command": command})

    assert exchange.last.status == status


def test_money_in_advance_needs_credit(exchange: Exchange) -> None:
    contract_id = exchange.rent_running()
    path = f"/api/v0/instances/prepay/{contract_id}/"

    told = exchange.ask("PUT", path, {"amount": 5})
    assert {"timescale", "discount_rate"} <= set(told)
    exchange.ask("PUT", path, {"amount": 5000})
    assert exchange.last.status == 411
    told = exchange.ask("GET", f"/api/v0/instances/balance/{contract_id}/", query="owner=me")

    assert told["refundable_deposit"] == 5


def test_templates_get_a_new_hash_each_time(exchange: Exchange) -> None:
    made = exchange.ask("POST", "/api/v0/template/", {"name": "t", "image": "i"})["template"]
    body = {"hash_id": made["hash_id"], "name": "u"}
    changed = exchange.ask("PUT", "/api/v1/template/", body)["template"]

    assert (changed["id"], changed["hash_id"] == made["hash_id"]) == (made["id"], False)
    exchange.ask("DELETE", "/api/v0/template/", {"hash_id": changed["hash_id"]})
    assert exchange.ask("GET", "/api/v0/template/")["templates"] == []


def test_a_reset_key_is_void_at_once(exchange: Exchange) -> None:
    fresh = exchange.ask("PUT", "/api/v0/commands/reset_apikey/", {})["api_key"]

    exchange.ask("GET", "/api/v0/users/current")
    assert exchange.last.status == 401
    exchange.ask("GET", "/api/v0/users/current", key=fresh)
    assert exchange.last.status == 200


def test_invoices_show_deposits_whatever_the_range(exchange: Exchange) -> None:
    for query in ("", "select_filters=rubbish", 'select_filters={"when":{"gte":0}}'):
        page = exchange.ask("GET", "/api/v1/invoices/", query=query)
        assert [row["amount"] for row in page["results"]] == [100.0]
    old = exchange.ask("GET", "/api/v0/users/me/invoices", query="owner=me&inc_charges=true")
    assert old["current"]["credit"] == 100.0


def test_an_update_takes_effect_at_the_next_start(exchange: Exchange) -> None:
    contract_id = exchange.rent_running()
    body = {"id": contract_id, "image": "python:3.13", "env": {"A": "2"}, "onstart": "echo 2"}
    exchange.ask("PUT", f"/api/v0/instances/update_template/{contract_id}/", body)

    contract = exchange.contract(contract_id)

    assert (contract.image, contract.env, contract.onstart) == ("python:3.13", {"A": "2"}, "echo 2")


def test_many_instances_are_stopped_started_and_destroyed_at_once(exchange: Exchange) -> None:
    ids = [exchange.rent_running(), exchange.rent_running()]

    def statuses() -> set[str]:
        exchange.wait(60)
        return {exchange.show(each)["actual_status"] for each in ids}

    exchange.ask("PUT", "/api/v0/instances/", {"ids": ids, "state": "stopped"})
    assert statuses() == {"exited"}
    exchange.ask("PUT", "/api/v0/instances/", {"ids": ids, "state": "running"})
    assert statuses() == {"running"}
    exchange.ask("DELETE", "/api/v0/instances/", {"instance_ids": ids})
    exchange.wait(60)

    assert exchange.ask("GET", "/api/v1/instances/")["total_instances"] == 0


@pytest.mark.parametrize("ids", [None, "all", {"a": 1}, ["x"]])
def test_ids_must_be_a_list_of_numbers(exchange: Exchange, ids: object) -> None:
    exchange.ask("PUT", "/api/v0/instances/", {"ids": ids, "state": "stopped"})

    assert exchange.last.status == 400


def test_the_filters_of_the_table_are_what_is_there(exchange: Exchange) -> None:
    contract_id = exchange.rent_running()

    (row,) = exchange.ask("GET", "/api/v0/instances/filters/")["filters"]

    assert row["actual_status"] == "running"
    assert row["gpu_name"] == exchange.show(contract_id)["gpu_name"]


@pytest.mark.parametrize("body", [{"state": "asleep"}, {}, {"label": 5}, {"label": "x" * 257}])
def test_a_state_that_does_not_exist_is_refused(
    exchange: Exchange, body: dict[str, object]
) -> None:
    exchange.put(exchange.rent(), **body)

    assert exchange.last.status == 400


@pytest.mark.parametrize("path", ["reboot", "recycle"])
def test_what_does_not_run_cannot_be_rebooted(exchange: Exchange, path: str) -> None:
    answer = exchange.ask("PUT", f"/api/v0/instances/{path}/{exchange.rent()}/", {})

    assert (exchange.last.status, answer["success"]) == (200, False)


@pytest.mark.parametrize(("price", "bid"), [(0.0001, 5.0), (3.0, None)])
def test_a_price_that_cannot_be_changed_is_refused(
    exchange: Exchange, price: float, bid: float | None
) -> None:
    contract_id = exchange.rent_running(price=bid)

    exchange.ask("PUT", f"/api/v0/instances/bid_price/{contract_id}/", {"price": price})

    assert exchange.last.status == 400


def test_secrets_and_keys_come_and_go(exchange: Exchange) -> None:
    exchange.ask("POST", "/api/v0/secrets/", {"key": "A", "value": "1"})
    exchange.ask("PUT", "/api/v0/secrets/", {"key": "A", "value": "2"})
    assert exchange.ask("GET", "/api/v0/secrets/")["secrets"] == {"A": "2"}
    exchange.ask("DELETE", "/api/v0/secrets/", {"key": "A"})
    exchange.ask("DELETE", "/api/v0/secrets/", {"key": "A"})
    assert exchange.last.status == 404

    made = exchange.ask("POST", "/api/v0/auth/apikeys/", {"name": "all"})
    assert exchange.ask("GET", f"/api/v0/auth/apikeys/{made['id']}/")["name"] == "all"
    exchange.ask("DELETE", f"/api/v0/auth/apikeys/{made['id']}/", {})
    exchange.ask("GET", "/api/v0/users/current", key=made["key"])
    assert exchange.last.status == 401
    exchange.ask("POST", "/api/v0/auth/apikeys/", {"permissions": {"api": {"god": {}}}})
    assert exchange.last.status == 400

"""What is sent, and what comes of every answer."""

from __future__ import annotations

import base64
import json
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from shared.adapters.tensordock.boot import boot_commands
from shared.domain.errors import ProviderCannot, ProviderRefused, ProviderUnknown
from shared.domain.ids import ContractId
from shared.domain.market.filtering import ANYTHING
from shared.domain.market.offers import MachineType, OfferFilter
from tests.fakes.clock import START, FakeClock
from tests.unit.tensordock.bodies import (
    HOST,
    MACHINE,
    NAME,
    PLACE,
    host,
    hosts,
    machines,
    marketplace,
    mirrored,
    official,
    order,
    place,
    places,
    row,
)
from tests.unit.vast.bodies import Wire, answered

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ON_HOST = f"host.{HOST}.geforcertx4090-pcie-24gb.1x8c32g.ip"
BY_PORTS = f"host.{HOST}.geforcertx4090-pcie-24gb.1x8c32g.ports"
AT_PLACE = f"place.{PLACE}.h100-sxm5-80gb.2x16c64g.ip"
MADE = {"data": {"type": "virtualmachine", "id": MACHINE, "name": NAME, "status": "running"}}


def sent_attributes(wire: Wire) -> dict[str, Any]:
    body = json.loads(wire.sent[-1].content)
    assert body["data"]["type"] == "virtualmachine"
    return dict(body["data"]["attributes"])


def test_a_search_reads_hosts_and_places_and_gives_the_cheapest_first() -> None:
    wire = Wire(answered(hosts(host())), answered(places(place())))

    found = marketplace(wire).search(ANYTHING)

    assert [each.url.path for each in wire.sent] == ["/api/v2/hostnodes", "/api/v2/locations"]
    assert [each.gpu_name for each in found] == ["RTX 4090"] * 2 + ["H100 SXM"] * 4
    assert {each.as_of for each in found} == {AT}


def test_there_is_nothing_to_bid_on_and_nobody_is_asked() -> None:
    wire = Wire()

    assert marketplace(wire).search(OfferFilter(machine_type=MachineType.INTERRUPTIBLE)) == ()
    assert wire.sent == []


def test_a_create_carries_the_label_the_size_and_the_smallest_disk() -> None:
    wire = Wire(answered(MADE, 201))

    made = marketplace(wire).create(order(ON_HOST, ssh_public_key="ssh-ed25519 AAAA me"))

    assert (made.contract_id, made.at) == (MACHINE, AT)
    attributes = sent_attributes(wire)
    assert attributes["name"] == NAME
    assert attributes["hostnode_id"] == HOST
    assert "location_id" not in attributes
    assert attributes["useDedicatedIp"] is True
    assert attributes["ssh_key"] == "ssh-ed25519 AAAA me"
    assert attributes["resources"] == {
        "vcpu_count": 8,
        "ram_gb": 32,
        "storage_gb": 100,
        "gpus": {"geforcertx4090-pcie-24gb": {"count": 1}},
    }


def test_at_a_place_any_host_will_do() -> None:
    wire = Wire(answered(mirrored(status="starting"), 201))

    marketplace(wire).create(order(AT_PLACE, disk_gb=250))

    attributes = sent_attributes(wire)
    assert (attributes["location_id"], attributes["resources"]["storage_gb"]) == (PLACE, 250)
    assert "hostnode_id" not in attributes


def test_without_an_address_of_its_own_it_gets_ports_that_the_host_has_left() -> None:
    wire = Wire(answered({"data": host()}), answered(MADE))

    marketplace(wire).create(order(BY_PORTS))

    assert wire.sent[0].url.path == f"/api/v2/hostnodes/{HOST}"
    assert sent_attributes(wire)["port_forwards"] == [
        {"internal_port": 22, "external_port": 20001},
        {"internal_port": 8080, "external_port": 20002},
    ]
    assert "useDedicatedIp" not in sent_attributes(wire)


@pytest.mark.parametrize("ports", [[], [20001], None])
def test_a_host_with_too_few_ports_is_not_asked_for_a_machine(ports: Any) -> None:
    wire = Wire(answered(host(available_resources={"available_ports": ports})))

    with pytest.raises(ProviderRefused) as caught:
        marketplace(wire).create(order(BY_PORTS))

    assert caught.value.reason == "offer_gone"
    assert [each.method for each in wire.sent] == ["GET"]


def test_a_host_that_is_slow_to_tell_its_ports_is_not_rented_late() -> None:
    clock = FakeClock()

    def slow(_request: httpx.Request) -> httpx.Response:
        clock.advance(6)
        return answered({"data": host()})

    wire = Wire(slow)

    with pytest.raises(ProviderRefused, match="nothing sent"):
        marketplace(wire, clock).create(order(BY_PORTS))

    assert [each.method for each in wire.sent] == ["GET"]


def test_who_has_no_key_gets_one_that_nobody_can_use_and_never_the_same() -> None:
    wire = Wire(answered(MADE), answered(MADE))
    keys = []

    for _ in range(2):
        marketplace(wire).create(order(ON_HOST))
        keys.append(sent_attributes(wire)["ssh_key"])

    assert all(key.startswith("ssh-ed25519 AAAA") for key in keys)
    assert len(set(keys)) == 2


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"bid_micro_usd_per_hour": 1000}, ProviderCannot),
        ({"label": "späť"}, ProviderRefused),
        ({"offer_id": "31500057"}, ProviderRefused),
    ],
)
def test_what_cannot_be_had_is_not_asked_for(changes: dict[str, Any], kind: type) -> None:
    wire = Wire()
    wanted = order(**{"offer_id": ON_HOST, **changes})

    with pytest.raises(kind):
        marketplace(wire).create(wanted)

    assert wire.sent == []


@pytest.mark.parametrize(
    "answer",
    [
        answered({"data": {"type": "virtualmachine"}}),
        answered({"data": {"type": "success", "attributes": {}}}),
        answered({}),
        answered(b'{"data": {"type": "virtualmachine", "id"'),
        answered(MADE, Date=""),
        httpx.ReadTimeout("cut"),
        httpx.ConnectError("no way there"),
        answered(b"", 502),
    ],
)
def test_anything_but_a_clean_yes_is_unknown_and_is_not_asked_twice(answer: Any) -> None:
    wire = Wire(answer)

    with pytest.raises(ProviderUnknown):
        marketplace(wire).create(order(ON_HOST))

    assert len(wire.sent) == 1


@pytest.mark.parametrize("body", [official(), mirrored()])
def test_a_machine_is_shown_in_either_shape(body: dict[str, Any]) -> None:
    wire = Wire(answered(body))

    shown = marketplace(wire).show(ContractId(MACHINE))

    assert shown is not None
    assert (shown.id, shown.at) == (MACHINE, AT)
    assert wire.sent[0].url.path == f"/api/v2/instances/{MACHINE}"


@pytest.mark.parametrize(
    "answer",
    [
        answered({"errors": [{"status": 404, "detail": "no such instance"}]}, 404),
        answered({"status": 404, "error": "Unknown"}),
        answered(official(status="deleted")),
    ],
)
def test_a_machine_that_is_not_there_is_none(answer: httpx.Response) -> None:
    assert marketplace(Wire(answer)).show(ContractId(MACHINE)) is None


@pytest.mark.parametrize("body", [official(id="another"), official(name=None), {"data": []}])
def test_an_answer_about_something_else_is_no_answer(body: dict[str, Any]) -> None:
    with pytest.raises(ProviderUnknown):
        marketplace(Wire(answered(body))).show(ContractId(MACHINE))


def test_a_listing_is_whole_when_every_row_was_read() -> None:
    rows = [row(), row(id="other", name="my box"), row(id="old", status="deleted")]

    listing = marketplace(Wire(answered(machines(*rows)))).listing()

    assert (listing.complete, listing.why_incomplete) == (True, "")
    assert [each.id for each in listing.contracts] == [MACHINE, "other"]
    assert listing.at <= AT


@pytest.mark.parametrize(
    "body",
    [
        {"data": [row()]},
        {"data": {"type": "list", "attributes": {"instances": [row()]}}},
        machines(official()),
    ],
)
def test_a_listing_is_read_in_every_envelope(body: dict[str, Any]) -> None:
    listing = marketplace(Wire(answered(body))).listing()

    assert listing.complete
    assert [each.id for each in listing.contracts] == [MACHINE]


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ({}, 0),
        ({"data": {}}, 0),
        ({"data": None}, 0),
        ({"data": {"instances": "none"}}, 0),
        (machines(row(), row(id="x", name=None)), 1),
        (machines(row(), 3), 1),
        (machines(row(), row()), 1),
        ({**machines(row()), "links": {"next": "/api/v2/instances?page=2"}}, 1),
        ({**machines(row()), "meta": {"has_more": True}}, 1),
    ],
)
def test_a_listing_that_is_not_whole_says_so_and_keeps_what_it_saw(body: Any, seen: int) -> None:
    listing = marketplace(Wire(answered(body))).listing()

    assert not listing.complete
    assert listing.why_incomplete
    assert len(listing.contracts) == seen


@pytest.mark.parametrize(
    ("call", "method", "path"),
    [("stop", "POST", "/stop"), ("start", "POST", "/start"), ("destroy", "DELETE", "")],
)
def test_an_order_is_accepted_at_the_providers_time(call: str, method: str, path: str) -> None:
    wire = Wire(answered({"data": {"type": "success", "attributes": {"message": "ok"}}}))

    at = getattr(marketplace(wire), call)(ContractId(MACHINE))

    assert at == AT
    assert (wire.sent[0].method, wire.sent[0].url.path) == (
        method,
        f"/api/v2/instances/{MACHINE}{path}",
    )


@pytest.mark.parametrize("call", ["stop", "start", "destroy"])
def test_an_order_that_is_neither_accepted_nor_refused_is_unknown(call: str) -> None:
    with pytest.raises(ProviderUnknown):
        getattr(marketplace(Wire(answered({"message": "hm"}))), call)(ContractId(MACHINE))


@pytest.mark.parametrize("call", ["stop", "start", "destroy"])
def test_an_id_that_cannot_be_theirs_is_not_sent(call: str) -> None:
    wire = Wire()

    with pytest.raises(ProviderRefused):
        getattr(marketplace(wire), call)(ContractId("../secrets"))

    assert wire.sent == []


def test_what_the_provider_has_not_is_said_by_type() -> None:
    market = marketplace(Wire())

    with pytest.raises(ProviderCannot):
        market.reboot(ContractId(MACHINE))
    with pytest.raises(ProviderCannot):
        market.credit_micro_usd()
    with pytest.raises(ProviderCannot):
        market.charges(START)


def test_the_boot_line_runs_at_the_first_boot_and_is_left_for_every_later_one(
    tmp_path: Path,
) -> None:
    line = 'echo "$DUMONT_BOOTSTRAP_TOKEN|$HOME|it\'s" >> "$OUT"'
    environment = {
        "PATH": "/usr/bin:/bin",
        "DUMONT_MACHINE_ROOT": str(tmp_path),
        "OUT": str(tmp_path / "out"),
        "DOCKER_HOST": "/nowhere",
    }
    (command,) = boot_commands(order(ON_HOST, onstart=line))

    subprocess.run(["sh", "-c", command], env=environment, check=True)
    script = tmp_path / "var/lib/cloud/scripts/per-boot/dumont"
    subprocess.run([script], env=environment, check=True)

    assert (tmp_path / "out").read_text() == "it's|/root|it's\n" * 2
    assert script.stat().st_mode & 0o077 == 0


def test_where_there_is_docker_the_workspace_is_a_container_of_its_image() -> None:
    (command,) = boot_commands(order(ON_HOST))
    script = base64.b64decode(command.split("echo ")[1].split(" |")[0]).decode()

    run = script[script.index("docker run") :]

    assert "--gpus all" in run
    assert "-e DUMONT_AGENT_API -e DUMONT_BOOTSTRAP_TOKEN" in run
    assert "pytorch/pytorch:2.4.0 -c" in run

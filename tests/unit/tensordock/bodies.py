"""Answers in the marketplace's own form, and in that of the mirror of its API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from shared.adapters.tensordock.marketplace import TensorDockMarketplace
from shared.ports.marketplace import CreateOrder
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from tests.unit.vast.bodies import Wire

MACHINE = "8f14e45f-ceea-467f-a0e1-4a52c1ad0f5b"
HOST = "41c0a1f0-6b1c-4a0c-9d5b-0f8d86f3c001"
PLACE = "0f8d86f3-0001-4a0c-9d5b-41c0a1f06b1c"
LABEL = "dumont/local-ab_9/rent_01J9ZQ/0123456789abcdef"
NAME = "dumont--local-hab-u9--rent-u01J9ZQ--0123456789abcdef"


def official(**changes: Any) -> dict[str, Any]:
    """`GET /instances/{id}` of the provider's pages: a bare object."""
    return {
        "type": "virtualmachine",
        "id": MACHINE,
        "name": NAME,
        "status": "running",
        "ipAddress": "203.0.113.7",
        "portForwards": [
            {"internal_port": 22, "external_port": 20022},
            {"internal_port": 8080, "external_port": 20080},
        ],
        "resources": {"vcpu_count": 8, "ram_gb": 32, "storage_gb": 100},
        "rateHourly": 0.41,
        **changes,
    }


def mirrored(**changes: Any) -> dict[str, Any]:
    """The same machine as the mirror wraps it."""
    fields = official(**changes)
    ports = fields.pop("portForwards")
    if isinstance(ports, list):
        ports = {str(each["internal_port"]): each["external_port"] for each in ports}
    outer = {name: fields.pop(name) for name in ("type", "id")}
    return {"data": {**outer, "attributes": {**fields, "portForwards": ports}}}


def row(**changes: Any) -> dict[str, Any]:
    """One machine of `GET /instances`."""
    fields = official(**changes)
    attributes = {name: fields[name] for name in ("name", "status")}
    return {"type": fields["type"], "id": fields["id"], "attributes": attributes}


def gpu(**changes: Any) -> dict[str, Any]:
    return {
        "v0Name": "geforcertx4090-pcie-24gb",
        "displayName": "NVIDIA GeForce RTX 4090 PCIe 24GB",
        "availableCount": 3,
        "price_per_hr": 0.35,
        **changes,
    }


def host(**changes: Any) -> dict[str, Any]:
    resources = {
        "gpus": [gpu()],
        "vcpu_count": 23,
        "ram_gb": 60,
        "storage_gb": 900,
        "available_ports": [20001, 20002, 20003],
        "has_public_ip_available": True,
    }
    return {
        "id": HOST,
        "location_id": PLACE,
        "uptime_percentage": 99.5,
        "available_resources": {**resources, **changes.pop("available_resources", {})},
        "pricing": {"per_vcpu_hr": 0.003, "per_gb_ram_hr": 0.002, "per_gb_storage_hr": 0.00005},
        "location": {
            "uuid": PLACE,
            "city": "Austin",
            "stateprovince": "Texas",
            "country": "United States",
            "network_speed_gbps": 10,
            "network_speed_upload_gbps": 1,
        },
        **changes,
    }


def place(**changes: Any) -> dict[str, Any]:
    sold = {
        **gpu(v0Name="h100-sxm5-80gb", price_per_hr=2.2),
        "max_count": 8,
        "resources": {"max_vcpus": 128, "max_ram_gb": 300, "max_storage_gb": 1000},
        "pricing": {"per_vcpu_hr": 0.003, "per_gb_ram_hr": 0.002, "per_gb_storage_hr": 0.00005},
        "network_features": {"dedicated_ip_available": True, "port_forwarding_available": True},
        **changes,
    }
    return {
        "id": PLACE,
        "city": "Austin",
        "stateprovince": "Texas",
        "country": "United States",
        "tier": 3,
        "gpus": [sold],
    }


def hosts(*rows: Any) -> dict[str, Any]:
    return {"data": {"hostnodes": list(rows)}}


def places(*rows: Any) -> dict[str, Any]:
    return {"data": {"locations": list(rows)}}


def machines(*rows: Any) -> dict[str, Any]:
    return {"data": {"instances": list(rows)}}


def order(offer_id: str, **changes: Any) -> CreateOrder:
    fields: dict[str, Any] = {
        "offer_id": offer_id,
        "label": LABEL,
        "image": "pytorch/pytorch:2.4.0",
        "disk_gb": 50,
        "env": {"DUMONT_AGENT_API": "http://127.0.0.1:1", "DUMONT_BOOTSTRAP_TOKEN": "it's"},
        "ports": (8080,),
        "onstart": "echo 'one' \"$HOME\"",
        "bid_micro_usd_per_hour": None,
    }
    return CreateOrder(**{**fields, **changes})


def marketplace(wire: Wire, clock: FakeClock | None = None) -> TensorDockMarketplace:
    return TensorDockMarketplace(
        "secret-key", clock or FakeClock(), "http://127.0.0.1:9", httpx.MockTransport(wire)
    )

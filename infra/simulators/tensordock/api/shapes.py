"""The same facts in the provider's own shapes and in those of the mirror of its API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.tensordock.model import lifecycle

if TYPE_CHECKING:
    from infra.simulators.tensordock.model.state import Host, Machine, Place, Row, World

ADDRESS = "127.0.0.1"


def machine_row(world: World, machine: Machine) -> Row:
    """Official: a bare object. Mirror: wrapped, its ports a map, its GPUs a list."""
    host = world.hosts[machine.host_id]
    mirror = world.knobs.mirror_shapes
    sizes: Row = {
        "vcpu_count": machine.vcpus,
        "ram_gb": machine.ram_gb,
        "storage_gb": machine.storage_gb,
    }
    fields: Row = {"name": machine.name, "status": machine.status, "ipAddress": ADDRESS}
    if mirror:
        fields["portForwards"] = {str(inside): out for inside, out in machine.ports.items()}
        sizes["gpus"] = [{"gpuV0Name": host.gpu, "count": machine.gpus}]
        named = {"type": "virtualmachine", "id": machine.id}
        return {"data": {**named, "attributes": {**fields, "resources": sizes}}}
    fields["portForwards"] = [
        {"internal_port": inside, "external_port": out} for inside, out in machine.ports.items()
    ]
    sizes["gpus"] = {host.gpu: {"count": machine.gpus}}
    rate = machine.compute_usd + machine.disk_usd
    head = {"type": "virtualmachine", "id": machine.id}
    return {**head, **fields, "resources": sizes, "rateHourly": round(rate, 6)}


def listing(world: World, machines: list[Machine]) -> Row:
    rows = [
        {
            "type": "virtualmachine",
            "id": each.id,
            "attributes": {"name": each.name, "status": _cased(world, each.status)},
        }
        for each in machines
    ]
    if world.knobs.mirror_shapes:
        return {"data": rows}
    return {"data": {"instances": rows}}


def created(world: World, machine: Machine) -> tuple[Row, int]:
    """The official page says running at once; the mirror tells the truth and 201."""
    named: Row = {"type": "virtualmachine", "id": machine.id}
    if world.knobs.mirror_shapes:
        attributes = {"name": machine.name, "status": machine.status}
        return {"data": {**named, "attributes": attributes}}, 201
    return {"data": {**named, "name": machine.name, "status": "running"}}, 200


def ordered(machine: Machine) -> Row:
    attributes = {"status": machine.status}
    return {"data": {"type": "instance", "id": machine.id, "attributes": attributes}}


def deleted() -> Row:
    return {"data": {"type": "success", "attributes": {"message": "The instance is deleted"}}}


def failure(world: World, status: int, text: str) -> tuple[Row, int]:
    if world.knobs.mirror_shapes:
        return {"errors": [{"status": status, "title": "Error", "detail": text}]}, status
    answered = 200 if world.knobs.failures_answer_200 else status
    return {"status": status, "error": text}, answered


def locations(world: World) -> Row:
    return {"data": {"locations": [_place_row(world, each) for each in world.places.values()]}}


def hostnodes(world: World) -> Row:
    named = [each for each in world.hosts.values() if each.named and not each.dead]
    return {"data": {"hostnodes": [host_row(world, each) for each in named]}}


def host_row(world: World, host: Host) -> Row:
    place = world.places[host.place_id]
    gpus, vcpus, ram_gb, storage_gb = lifecycle.used(host, world)
    gpu = {
        "v0Name": host.gpu,
        "availableCount": host.gpus - gpus,
        "price_per_hr": host.gpu_usd,
    }
    return {
        "id": host.id,
        "location_id": place.id,
        "uptime_percentage": host.uptime_percent,
        "available_resources": {
            "gpus": [gpu],
            "vcpu_count": host.vcpus - vcpus,
            "ram_gb": host.ram_gb - ram_gb,
            "storage_gb": host.storage_gb - storage_gb,
            "available_ports": lifecycle.free_ports(world),
            "has_public_ip_available": False,
        },
        "pricing": _prices(host),
        "location": {
            "uuid": place.id,
            "city": place.city,
            "stateprovince": place.state,
            "country": place.country,
            "network_speed_gbps": place.down_gbps,
            "network_speed_upload_gbps": place.up_gbps,
        },
    }


def _place_row(world: World, place: Place) -> Row:
    hosts = [each for each in world.hosts.values() if each.place_id == place.id and not each.dead]
    return {
        "id": place.id,
        "city": place.city,
        "stateprovince": place.state,
        "country": place.country,
        "tier": 3,
        "gpus": [_gpu_row(world, each) for each in hosts],
    }


def _gpu_row(world: World, host: Host) -> Row:
    gpus, vcpus, ram_gb, storage_gb = lifecycle.used(host, world)
    return {
        "v0Name": host.gpu,
        "displayName": host.display_name,
        "max_count": host.gpus - gpus,
        "price_per_hr": host.gpu_usd,
        "resources": {
            "max_vcpus": host.vcpus - vcpus,
            "max_ram_gb": host.ram_gb - ram_gb,
            "max_storage_gb": host.storage_gb - storage_gb,
        },
        "pricing": _prices(host),
        "network_features": {
            "dedicated_ip_available": not host.named,
            "port_forwarding_available": True,
            "network_storage_available": False,
        },
    }


def _prices(host: Host) -> Row:
    return {
        "per_vcpu_hr": host.vcpu_usd,
        "per_gb_ram_hr": host.ram_gb_usd,
        "per_gb_storage_hr": host.storage_gb_usd,
    }


def _cased(world: World, status: str) -> str:
    """The case varies."""
    return status if world.knobs.mirror_shapes else status.capitalize()

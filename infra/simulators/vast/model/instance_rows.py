"""How a contract looks in a listing (section 5.1). Rows are complete: a client dies otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.vast.model.billing import GPU_BILLED
from infra.simulators.vast.model.search import price_block

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Contract, Row, World

ADDRESS = "127.0.0.1"
UNKNOWN = -1


def instance_row(world: World, contract: Contract, now: float) -> Row:
    piece = world.slices[contract.slot]
    row = dict(piece.fields)
    row.update(_identity(contract), **_status(contract))
    row.update(_reach(contract), **_prices(world, contract))
    row.update(_use(world, contract, now))
    row.update(
        num_gpus=piece.num_gpus,
        start_date=contract.created_at,
        end_date=contract.end_date,
        duration=contract.end_date - now,
        country_code=str(row.get("geolocation") or "")[-2:] or None,
        volume_info=[
            {"id": each, "avail_space": world.volumes[each].size_gb,
             "total_space": world.volumes[each].size_gb}
            for each in contract.volume_ids
        ],
    )  # fmt: skip
    return row


def _identity(contract: Contract) -> Row:
    return {
        "id": contract.id,
        "label": contract.label,
        "machine_id": contract.machine_id,
        "image_uuid": contract.image,
        "image_args": contract.image_args,
        "image_runtype": contract.runtype,
        "extra_env": [[name, value] for name, value in contract.env.items()]
        + [[f"-p {spec}", "1"] for spec in contract.port_specs],
        "onstart": contract.onstart or None,
        "template_id": contract.template.get("id"),
        "template_hash_id": contract.template.get("hash_id"),
        "template_name": contract.template.get("name"),
        "jupyter_token": contract.instance_key[:32],
        "is_bid": contract.is_bid,
    }


def _status(contract: Contract) -> Row:
    return {
        "actual_status": contract.actual_status,
        "intended_status": contract.intended_status,
        "cur_state": contract.cur_state,
        "next_state": contract.next_state,
        "status_msg": contract.status_msg,
    }


def _reach(contract: Contract) -> Row:
    """`ports` only while running (5.2 pitfall 8)."""
    shown = contract.ports if contract.actual_status == "running" else {}
    ssh = contract.ports.get("22/tcp", UNKNOWN)
    ports = {
        name: [{"HostIp": "0.0.0.0", "HostPort": str(port)}]  # noqa: S104 - as the wire shows it
        for name, port in shown.items()
    }
    return {
        "ports": ports or None,
        "ssh_host": ADDRESS,
        "ssh_port": ssh,
        "ssh_idx": "1",
        "machine_dir_ssh_port": ssh,
        "public_ipaddr": ADDRESS,
        "local_ipaddrs": ADDRESS,
        "direct_port_start": min(shown.values(), default=UNKNOWN),
        "direct_port_end": max(shown.values(), default=UNKNOWN),
        "direct_port_count": len(shown),
    }


def _prices(world: World, contract: Contract) -> Row:
    """`search` is the price when running, `instance` what is charged now."""
    gone = contract.destroyed_at is not None
    gpu_now = contract.gpu_rate if contract.actual_status in GPU_BILLED and not gone else 0.0
    disk_now = 0.0 if contract.actual_status == "offline" or gone else contract.disk_rate
    piece = world.slices[contract.slot]
    return {
        "dph_base": contract.gpu_rate,
        "dph_total": contract.gpu_rate + contract.disk_rate,
        "min_bid": max(piece.min_bid, piece.rival_bid),
        "storage_cost": piece.storage_cost,
        "storage_total_cost": contract.disk_rate,
        "inet_down_cost": contract.down_usd_per_gb,
        "inet_up_cost": contract.up_usd_per_gb,
        "search": price_block(contract.gpu_rate, contract.disk_rate),
        "instance": price_block(gpu_now, disk_now),
        "credit_balance": contract.prepaid,
        "credit_discount": 0.0,
    }


def _use(world: World, contract: Contract, now: float) -> Row:
    readings = contract.gpu_readings
    percent = readings.get("util_percent")
    util: object = percent
    if world.knobs.gpu_util_is_fraction and isinstance(percent, int | float):
        util = percent / 100
    return {
        "uptime_mins": _uptime(world, contract, now),
        "gpu_util": util,
        "gpu_temp": readings.get("temperature_c"),
        "cpu_util": 0.0,
        "mem_limit": None,
        "mem_usage": None,
        "vmem_usage": None,
        "disk_space": contract.disk_gb,
        "disk_usage": UNKNOWN,
        "disk_util": UNKNOWN,
        "client_run_time": 1.0,
        "host_run_time": contract.end_date - contract.created_at,
    }


def _uptime(world: World, contract: Contract, now: float) -> float | None:
    """Minutes since the container came up [I]."""
    if contract.up_since is None:
        return None
    minutes = (now - contract.up_since) / 60
    return float(int(minutes)) if world.knobs.uptime_is_whole_minutes else minutes

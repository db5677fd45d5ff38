"""Answers as the API gives them."""

from __future__ import annotations

from typing import Any

T0 = "2026-11-01T10:00:00Z"
T1 = "2026-11-01T10:00:12Z"
T2 = "2026-11-01T10:00:15.500Z"


def offer(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "offer_id": f"vast:{30_000_000 + number}",
        "provider": "vast",
        "machine_id": f"{1000 + number}",
        "gpu_name": "H100 SXM",
        "num_gpus": 8,
        "gpu_ram_gb": 80.0,
        "cpu_cores": 128,
        "cpu_ram_gb": 1024.5,
        "disk_gb": 4000,
        "inet_down_mbps": 9000,
        "inet_up_mbps": 8000,
        "price": {
            "total_usd_per_hour": 18.25,
            "gpu_usd_per_hour": 18.0,
            "storage_usd_per_hour": 0.25,
            "download_usd_per_gb": 0.01,
            "upload_usd_per_gb": 0.02,
        },
        "min_bid_usd_per_hour": None,
        "geolocation": "Some Rather Long City Name, United States",
        "reliability": 0.9871,
        "verified": True,
        "machine_type": "on-demand",
        **changes,
    }


def offers() -> dict[str, Any]:
    return {
        "items": [offer(1), offer(2, cpu_cores=None)],
        "next_page_token": None,
        "as_of": T0,
        "filters_applied": {"num_gpus": 1},
        "count": 2,
        "hidden_by_default": 3,
        "warnings": [{"provider": "runpod", "code": "provider_unknown", "message": "silent"}],
    }


def operation(looks: int, kind: str = "create") -> dict[str, Any]:
    """It is over at the third look."""
    phases = [
        {"name": "renting", "started_at": T0, "ended_at": None if looks < 2 else T1},
        {"name": "starting", "started_at": T1, "ended_at": None if looks < 3 else T2},
    ]
    return {
        "id": "op_1",
        "kind": kind,
        "target": "inst_1",
        "state": "running" if looks < 3 else "succeeded",
        "phases": phases[: max(looks, 1)],
        "error": None,
    }


def instance(**changes: Any) -> dict[str, Any]:
    return {
        "id": "inst_1",
        "label": "training",
        "state": "running",
        "desired": "running",
        "state_reason": "ready",
        "gpu": {"name": "H100 SXM", "count": 8},
        "machine": {
            "provider": "vast",
            "machine_id": "1001",
            "offer_id": "vast:30000001",
            "contract_id": "9001",
            "geolocation": "Oslo, NO",
        },
        "ssh": {"host": "127.0.0.1", "port": 40122},
        "ports": [],
        "usage": {
            "as_of": T2,
            "gpu_util_percent": 91.5,
            "gpu_temperature_c": None,
            "cpu_percent": 12.0,
        },
        "price_usd_per_hour": 18.25,
        "cost_so_far_usd": 1.5,
        "idle": {"verdict": "busy", "since": None},
        "will_hibernate_at": None,
        "last_snapshot": {"id": "snap_1", "verified_at": T1, "size_bytes": 123456789},
        "head_snapshot_id": "snap_1",
        "operation_id": None,
        "epoch": 2,
        "created_at": T0,
        **changes,
    }


def instances() -> dict[str, Any]:
    items = [instance()]
    return {"items": items, "next_page_token": None, "count": 1, "total_usd_per_hour": 18.25}


def accepted(kind: str) -> dict[str, Any]:
    return {"operation": operation(1, kind), "instance": instance(state="provisioning")}


def snapshot(**changes: Any) -> dict[str, Any]:
    return {
        "id": "snap_1",
        "instance_id": "inst_1",
        "state": "acked",
        "size_bytes": 123456789,
        "new_bytes": 1024,
        "verified_at": T1,
        "parent": None,
        "keep": False,
        **changes,
    }


def balances() -> dict[str, Any]:
    account = {
        "provider": "vast",
        "account_id": "acct_1",
        "credit_usd": 1234.5,
        "spent_today_usd": 2.25,
        "spent_this_month_usd": None,
    }
    silent = {"provider": "vast", "code": "provider_unknown", "message": "the bill is late"}
    return {"items": [account], "as_of": T0, "warnings": [silent]}


def outcome(**changes: Any) -> dict[str, Any]:
    return {
        "wakes": 4,
        "hours_asleep": 5.5,
        "hours_awake": 0.2,
        "cost_usd": 0.0812,
        "wait_p50_s": 0.0,
        "wait_p99_s": 61.0,
        **changes,
    }


def simulations() -> dict[str, Any]:
    wake = {"wake_s": 61.0, "measured": 3, "worth_s": 900.0}
    one = {
        "instance_id": "inst_1",
        "spells": 12,
        "since": T0,
        "insufficient_data": False,
        "wake": wake,
        "asked": outcome(),
        "now": outcome(wakes=9),
        "never": outcome(wakes=0, cost_usd=None),
        "optimum": outcome(),
    }
    none = {"instance_id": "inst_2", "spells": 0, "insufficient_data": True, "wake": wake}
    return {"days": 7, "as_of": T2, "instances": [one, none]}


def explanation() -> dict[str, Any]:
    return {
        "instance_id": "inst_1",
        "state": "running",
        "verdict": "idle",
        "why": ["it was quiet"],
        "held_by": ["to wait pays until 10:00:12 UTC"],
        "weighed": ["it waits 12 s"],
        "sleeps_at": T1,
        "next_turn": {"at": T2, "action": "wake"},
        "as_of": T0,
    }


def sleep_stats() -> dict[str, Any]:
    one = {
        "instance_id": "inst_1",
        "label": "paint",
        "asleep": True,
        "policy": "adaptive",
        "hours_asleep": 12.5,
        "naps": 3,
        "saved_usd": None,
        "wake_p50_s": 61.0,
    }
    return {
        "since": T0,
        "as_of": T2,
        "instances": [one],
        "hours_asleep": 12.5,
        "unpriced_hours": 12.5,
        "saved_usd": None,
    }


def sleep_policy() -> dict[str, Any]:
    return {
        "enabled": True,
        "idle_minutes": 3,
        "adaptive": True,
        "gpu_threshold_percent": 5,
        "minimum_run_s": 60,
        "quiet_hours": [{"begins": "09:00", "ends": "18:00", "zone": "Europe/Berlin"}],
        "schedules": [{"action": "sleep", "cron": "0 22 * * *", "zone": "Europe/Berlin"}],
    }


def budgets() -> dict[str, Any]:
    everything: dict[str, Any] = {
        "instance_id": None,
        "period": "monthly",
        "cap_usd": 50.0,
        "at_limit": "hibernate",
        "spent_usd": 12.5,
        "reserved_usd": 1.25,
        "left_usd": 36.25,
        "usd_per_hour_now": 0.41,
    }
    rate = {**everything, "period": "hourly", "cap_usd": None, "at_limit": None, "left_usd": None}
    its = {**everything, "instance_id": "inst_1", "cap_usd": 0.0, "left_usd": 0.0}
    return {"items": [everything, rate, its], "month": "2026-11", "month_ends_at": T1, "as_of": T0}


def series() -> dict[str, Any]:
    point = {
        "at": T0,
        "gpu_util_percent": 91.5,
        "gpu_temperature_c": None,
        "cpu_percent": 12.0,
        "ram_used_bytes": 2**30,
    }
    return {"instance_id": "inst_1", "as_of": T1, "items": [point, {**point, "at": T1}]}


def cost() -> dict[str, Any]:
    line = {
        "rental_id": "rent_1",
        "contract_id": "9001",
        "provider": "vast",
        "kind": "gpu",
        "seconds": 300.5,
        "bytes": None,
        "rate": 18.0,
        "usd": 1.5025,
        "uncertainty_usd": 0.005,
        "from": T0,
        "to": T2,
        "spans": [{"from": T0, "to": None}],
        "billed_usd": 1.503,
    }
    difference = {"contract_id": "9002", "kind": "disk", "usd": 0.0}
    return {
        "instance_id": "inst_1",
        "currency": "USD",
        "total_usd": 1.5025,
        "uncertainty_usd": 0.005,
        "as_of": T2,
        "billed_usd": 1.513,
        "billed_as_of": T1,
        "differences": [{**difference, "uncertainty_usd": 0.0, "billed_usd": 0.01}],
        "lines": [line],
    }


def act() -> dict[str, Any]:
    return {
        "id": "evt_1",
        "at": T0,
        "actor": "key_1",
        "action": "ordered.pause",
        "reason": "by its owner",
        "instance_id": "inst_1",
        "rental_id": None,
        "target": "op_1",
        "trace_id": None,
    }


LISTS: dict[str, list[dict[str, Any]]] = {
    "events": [{"at": T0, "kind": "created", "message": "asked for by you"}],
    "logs": [
        {"at": T0, "rental_id": "rent_1", "text": "hello"},
        {"at": T1, "rental_id": "rent_1", "text": "red \x1b[31m[bold]alert"},
    ],
    "snapshots": [snapshot()],
}

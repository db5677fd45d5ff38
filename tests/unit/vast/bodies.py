"""Answers in the marketplace's own form (fields and types as its reference documents them)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from shared.adapters.vast.marketplace import VastMarketplace
from tests.fakes.clock import FakeClock

DATE = "Fri, 02 Jan 2026 03:04:05 GMT"
Handler = Callable[[httpx.Request], httpx.Response]


def contract_row(contract_id: int = 7001, **changes: Any) -> dict[str, Any]:
    return {
        "id": contract_id,
        "machine_id": 4242,
        "label": "dc1.prod.rent_1.mac",
        "actual_status": "running",
        "intended_status": "running",
        "cur_state": "running",
        "next_state": "running",
        "status_msg": "success, running pytorch/ssh",
        "is_bid": False,
        "dph_base": 0.2,
        "dph_total": 0.2069444,
        "storage_total_cost": 0.0069444,
        "inet_down_cost": 0.0026041666666666665,
        "inet_up_cost": 0.00390625,
        "start_date": 1767322000.5,
        "uptime_mins": 2.5,
        "image_runtype": "ssh_direc ssh_proxy",
        "ssh_host": "ssh5.vast.ai",
        "ssh_port": 40100,
        "public_ipaddr": "203.0.113.7\n",
        "ports": {
            "22/tcp": [{"HostIp": "0.0.0.0", "HostPort": "40122"}],
            "8080/tcp": [{"HostIp": "0.0.0.0", "HostPort": "40123"}],
            "53/udp": [{"HostIp": "0.0.0.0", "HostPort": "40124"}],
        },
        **changes,
    }


def offer_row(offer_id: int = 31500057, **changes: Any) -> dict[str, Any]:
    return {
        "id": offer_id,
        "ask_contract_id": offer_id,
        "machine_id": 4242,
        "host_id": 99,
        "gpu_name": "RTX 4090",
        "num_gpus": 1,
        "gpu_ram": 24564,
        "gpu_frac": 0.125,
        "cpu_cores": 64,
        "cpu_cores_effective": 8.0,
        "cpu_ram": 256_000,
        "disk_space": 500.0,
        "inet_down": 900.0,
        "inet_up": 800.0,
        "inet_down_cost": 0.0026041666666666665,
        "inet_up_cost": 0.00390625,
        "dph_base": 0.35,
        "dph_total": 0.3638888888888889,
        "min_bid": 0.12,
        "storage_cost": 0.2,
        "storage_total_cost": 0.013888888888888888,
        "geolocation": "Sofia, BG",
        "reliability": 0.98,
        "reliability2": 0.985,
        "verification": "verified",
        "static_ip": False,
        "direct_port_count": 20,
        "cuda_max_good": 12.8,
        "dlperf": 87.4,
        "duration": 1_400_000.5,
        "rentable": True,
        "rented": False,
        **changes,
    }


def page(rows: list[Any], total: int, token: str | None, **changes: Any) -> dict[str, Any]:
    return {
        "success": True,
        "instances_found": len(rows),
        "total_instances": total,
        "label_counts": {},
        "next_token": token,
        "instances": rows,
        **changes,
    }


def answered(body: object, status: int = 200, **headers: str) -> httpx.Response:
    """JSON unless the body is text or bytes already; with a Date unless `date` is empty."""
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    every = {"Date": DATE, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return httpx.Response(status, content=content, headers={k: v for k, v in every.items() if v})


class Wire:
    """Stands in for the network: answers in order, and remembers what was sent."""

    def __init__(self, *answers: httpx.Response | Exception | Handler) -> None:
        self._answers = list(answers)
        self.sent: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)


def marketplace(wire: Wire, clock: FakeClock | None = None) -> VastMarketplace:
    return VastMarketplace(
        "secret-key",
        clock or FakeClock(),
        "http://127.0.0.1:9",
        httpx.MockTransport(wire),
    )

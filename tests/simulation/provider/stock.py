"""A small market: enough to choose from, small enough to be searched a thousand times a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from infra.simulators.vast.model.state import Row

PLACES = ("Texas, US", "Sweden, SE", "Japan, JP", "France, FR")
TRAFFIC_USD_PER_GB = (0.0, 0.0013, 0.01)


def rows(chance: random.Random, count: int) -> Iterator[Row]:
    """Every machine has the one GPU that instances ask for; price and place differ."""
    for number in range(count):
        base = 0.30 + 0.02 * number + 0.005 * chance.random()
        traffic = chance.choice(TRAFFIC_USD_PER_GB)
        yield {
            "machine_id": 41_001 + number,
            "host_id": 301 + number // 2,
            "gpu_name": "RTX 4090",
            "num_gpus": 1,
            "gpu_ram": 24_564,
            "gpu_frac": 1.0,
            "cpu_cores": 32,
            "cpu_cores_effective": 32.0,
            "cpu_ram": 128_000,
            "disk_space": 600.0,
            "inet_down": chance.choice((300.0, 900.0, 2_000.0)),
            "inet_up": 500.0,
            "inet_down_cost": traffic,
            "inet_up_cost": traffic,
            "storage_cost": 0.15,
            "dph_base": round(base, 6),
            "min_bid": round(base * 0.7, 6),
            "geolocation": chance.choice(PLACES),
            "reliability2": 0.99,
            "verification": "verified",
            "static_ip": True,
            "direct_port_count": 64,
            "cuda_max_good": 12.8,
            "dlperf": 80.0,
            "duration": 60 * 86_400.0,
            "hosting_type": 1,
        }

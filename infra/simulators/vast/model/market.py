"""A generated market for when no recorded one is at hand.

Prices per GPU-hour are medians of offers that were publicly searchable in early 2026
(on-demand and interruptible); spreads, sizes, bandwidth, reliability and the shares of
verified hosts are rounded quartiles of the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from infra.simulators.vast.model.state import Row


@dataclass(frozen=True, slots=True)
class GpuModel:
    name: str
    memory_mb: int
    usd_per_hour: float
    bid_share: float  # interruptible price over on-demand price
    compute_cap: int
    tflops: float
    memory_gb_per_s: float
    watts: float
    share: float  # of all offers


GPUS = (
    GpuModel("RTX 4090", 24_564, 0.34, 0.80, 890, 82.6, 1008.0, 450.0, 0.26),
    GpuModel("RTX 3090", 24_576, 0.17, 0.70, 860, 35.6, 936.0, 350.0, 0.18),
    GpuModel("RTX 5090", 32_607, 0.45, 0.75, 1200, 104.8, 1792.0, 575.0, 0.10),
    GpuModel("Tesla V100", 16_384, 0.094, 0.70, 700, 15.7, 900.0, 300.0, 0.10),
    GpuModel("L40S", 46_068, 0.51, 0.95, 890, 91.6, 864.0, 350.0, 0.10),
    GpuModel("A100 PCIE", 40_960, 0.61, 0.90, 800, 19.5, 1555.0, 250.0, 0.07),
    GpuModel("A100 SXM4", 81_920, 0.85, 0.85, 800, 19.5, 2039.0, 400.0, 0.05),
    GpuModel("H100 SXM", 81_559, 1.54, 0.80, 900, 67.0, 3350.0, 700.0, 0.07),
    GpuModel("H200", 143_771, 2.35, 0.95, 900, 67.0, 4800.0, 700.0, 0.07),
)
PLACES = {
    "Washington, US": 16,
    "Texas, US": 12,
    "California, US": 10,
    "France, FR": 8,
    "Sweden, SE": 7,
    "Japan, JP": 7,
    "United Kingdom, GB": 5,
    "Netherlands, NL": 5,
    "Czechia, CZ": 5,
    "Canada, CA": 5,
    "Germany, DE": 5,
    "India, IN": 3,
    "Thailand, TH": 3,
    "Brazil, BR": 3,
    "Norway, NO": 3,
}
GPU_COUNTS = {1: 42, 2: 26, 4: 19, 8: 13}
CPUS = ("AMD EPYC 7543 32-Core Processor", "Xeon® Gold 6248R", "AMD Ryzen 9 5950X 16-Core")
VERIFICATION = {"verified": 62, "unverified": 31, "deverified": 7}
USUAL_OFFERS = 420


def generated(rng: random.Random, count: int = USUAL_OFFERS) -> Iterator[Row]:
    """`count` raw rows; the same generator state makes the same market."""
    for number in range(count):
        yield _row(rng, number)


def _row(rng: random.Random, number: int) -> Row:
    gpu = rng.choices(GPUS, weights=[each.share for each in GPUS])[0]
    gpus = _weighted(rng, GPU_COUNTS)
    datacenter = rng.random() < 0.25
    reliability = 1.0 - min(0.4, rng.expovariate(1 / 0.02))
    per_gpu = gpu.usd_per_hour * rng.lognormvariate(0.0, 0.25)
    bid = per_gpu * min(1.3, gpu.bid_share * rng.lognormvariate(0.0, 0.2))
    return {
        **_gpu_fields(rng, gpu, gpus, per_gpu),
        **_host_fields(rng, gpus),
        **_network_fields(rng),
        "machine_id": 40_001 + number,
        "host_id": 300_001 + number // 3,
        "bundle_id": 1_500_000_001 + number,
        "dph_base": round(per_gpu * gpus, 6),
        "min_bid": round(bid * gpus, 6),
        "storage_cost": rng.choice((0.1, 0.15, 0.2, 0.2, 0.25, 0.3)),
        "reliability": reliability,
        "reliability2": reliability,
        "reliability_mult": max(0.0, 1 - (1 - reliability) * 6),
        "expected_reliability": reliability,
        "verification": "verified" if datacenter else _weighted_text(rng, VERIFICATION),
        "vericode": 1,
        "hosting_type": int(datacenter),
        "geolocation": _weighted_text(rng, PLACES),
        "geolocode": 1_000_000_000 + rng.randrange(1_000_000_000),
        "duration": rng.uniform(5, 240) * 86_400,
        "credit_discount_max": rng.choice((0.0, 0.1, 0.2, 0.4)),
    }


def _gpu_fields(rng: random.Random, gpu: GpuModel, gpus: int, per_gpu: float) -> Row:
    performance = gpu.tflops * gpus * rng.uniform(0.9, 1.05)
    return {
        "gpu_name": gpu.name,
        "num_gpus": gpus,
        "gpu_ram": gpu.memory_mb,
        "gpu_total_ram": gpu.memory_mb * gpus,
        "gpu_frac": gpus / max(gpus, rng.choice((1, 2, 4, 8))),
        "gpu_arch": "nvidia",
        "gpu_mem_bw": gpu.memory_gb_per_s * rng.uniform(0.85, 0.95),
        "gpu_lanes": 16,
        "gpu_max_power": gpu.watts,
        "gpu_max_temp": 90.0,
        "gpu_display_active": False,
        "bw_nvlink": 0.0,
        "compute_cap": gpu.compute_cap,
        "cuda_max_good": rng.choice((12.4, 12.6, 12.8, 12.8, 13.0)),
        "driver_version": "570.133.07",
        "driver_vers": 570_133_007,
        "total_flops": performance,
        "dlperf": performance * 1.6,
        "score": performance / per_gpu / gpus,
    }


def _host_fields(rng: random.Random, gpus: int) -> Row:
    cores = rng.choice((16, 32, 48, 64, 96))
    return {
        "cpu_name": rng.choice(CPUS),
        "cpu_arch": "amd64",
        "cpu_cores": cores if rng.random() > 0.02 else None,
        "cpu_cores_effective": float(min(cores, 8 * gpus)),
        "cpu_ghz": rng.choice((2.6, 3.0, 3.4, 4.0)),
        "cpu_ram": rng.choice((64_000, 128_000, 257_000, 515_000)),
        "disk_space": rng.uniform(60, 2_500),
        "disk_bw": rng.uniform(800, 6_000),
        "disk_name": "SAMSUNG MZQL2",
        "avail_vol_size": float(rng.randrange(50, 500)),
        "mobo_name": "H12SSL-i",
        "os_version": rng.choice(("22.04", "22.04", "24.04")),
        "pci_gen": 4.0,
        "pcie_bw": rng.uniform(10, 25),
        "has_avx": 1,
        "vms_enabled": False,
        "cluster_id": None,
        "external": None,
    }


def _network_fields(rng: random.Random) -> Row:
    down = min(20_000.0, rng.lognormvariate(6.8, 0.9))
    price = rng.choice((0.0, 0.0013, 0.0013, 0.0026, 0.01))
    return {
        "inet_down": down,
        "inet_up": down * rng.uniform(0.4, 1.0),
        "inet_down_cost": price,
        "inet_up_cost": price * 1.5,
        "internet_down_cost_per_tb": price * 1024,
        "internet_up_cost_per_tb": price * 1.5 * 1024,
        "direct_port_count": rng.choice((12, 64, 250, 998)),
        "static_ip": rng.random() < 0.74,
        "public_ipaddr": "127.0.0.1",
    }


def _weighted(rng: random.Random, choices: dict[int, int]) -> int:
    return rng.choices(list(choices), weights=list(choices.values()))[0]


def _weighted_text(rng: random.Random, choices: dict[str, int]) -> str:
    return rng.choices(list(choices), weights=list(choices.values()))[0]

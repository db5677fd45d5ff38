"""What a machine measured, bounded, as we keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.machines.lease import Figures, GpuFigure

if TYPE_CHECKING:
    from datetime import datetime

    from shared.agent_wire.messages import GpuReading, Usage

MAX_GPUS = 32
TEBIBYTE = 1 << 40


def figures_of(usage: Usage | None, now: datetime) -> Figures | None:
    """None for no reading; a value outside its range is unknown, never clamped."""
    if usage is None:
        return None
    return Figures(
        as_of=now,
        gpus=tuple(_gpu(each) for each in usage.gpus[:MAX_GPUS]),
        cpu_percent=_within(usage.cpu_percent, 0, 100_000),
        memory_used_bytes=_bytes(usage.memory_used_bytes),
        disk_used_bytes=_bytes(usage.disk_used_bytes),
        received_bytes=_bytes(usage.rx_bytes),
        sent_bytes=_bytes(usage.tx_bytes),
        ssh_sessions=usage.ssh_sessions,
        busy_kernels=usage.busy_kernels,
    )


def _gpu(reading: GpuReading) -> GpuFigure:
    return GpuFigure(
        index=reading.index,
        name=reading.name[:64],
        util_percent=_within(reading.util_percent, 0, 100),
        memory_used_mib=_within(reading.memory_used_mib, 0, 1e7),
        memory_total_mib=_within(reading.memory_total_mib, 0, 1e7),
        temperature_c=_within(reading.temperature_c, -50, 200),
        power_w=_within(reading.power_w, 0, 10_000),
    )


def _within(value: float | None, low: float, high: float) -> float | None:
    return value if value is not None and low <= value <= high else None


def _bytes(value: int | None) -> int | None:
    return value if value is not None and 0 <= value <= 1024 * TEBIBYTE else None

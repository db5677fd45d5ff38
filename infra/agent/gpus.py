"""GPU readings: NVML where there is a driver, a file on simulated machines."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Protocol

from shared.agent_wire.messages import GpuReading

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STALE_AFTER_S = 5.0
MIB = 1 << 20


class GpuReader(Protocol):
    def read(self) -> tuple[GpuReading, ...] | None:
        """Every GPU of the machine, or None when that cannot be told."""


class NoGpus:
    """No driver here: nothing is known of any GPU."""

    def read(self) -> tuple[GpuReading, ...] | None:
        return None


class FileGpus:
    """A file that a simulator keeps fresh; once its `as_of` stands still it is not believed."""

    def __init__(self, path: Path, monotonic: Callable[[], float]) -> None:
        self._path = path
        self._monotonic = monotonic
        self._as_of: object = None
        self._changed_at = float("-inf")

    def read(self) -> tuple[GpuReading, ...] | None:
        try:
            told = json.loads(self._path.read_text())
            as_of, gpus = told["as_of"], tuple(_from_file(gpu) for gpu in told["gpus"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        now = self._monotonic()
        if as_of != self._as_of:
            self._as_of = as_of
            self._changed_at = now
        return gpus if now - self._changed_at <= STALE_AFTER_S else None


class NvmlGpus:
    """The driver's own library. Each figure that it refuses is None by itself."""

    def __init__(self) -> None:
        """Raises ImportError without the binding, RuntimeError without a driver."""
        import pynvml

        self._nvml: Any = pynvml
        try:
            self._nvml.nvmlInit()
        except pynvml.NVMLError as error:
            raise RuntimeError(f"no NVIDIA driver: {error}") from error

    def read(self) -> tuple[GpuReading, ...] | None:
        try:
            count = self._nvml.nvmlDeviceGetCount()
            return tuple(self._one(index) for index in range(count))
        except self._nvml.NVMLError:
            return None

    def _one(self, index: int) -> GpuReading:
        nvml = self._nvml
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        name = self._ask(lambda: nvml.nvmlDeviceGetName(handle))
        memory = self._ask(lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
        util = self._ask(lambda: nvml.nvmlDeviceGetUtilizationRates(handle).gpu)
        heat = self._ask(lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
        power_mw = self._ask(lambda: nvml.nvmlDeviceGetPowerUsage(handle))
        return GpuReading(
            index=index,
            name=name.decode() if isinstance(name, bytes) else str(name or ""),
            util_percent=_figure(util),
            memory_used_mib=None if memory is None else memory.used / MIB,
            memory_total_mib=None if memory is None else memory.total / MIB,
            temperature_c=_figure(heat),
            power_w=None if power_mw is None else power_mw / 1000,
        )

    def _ask(self, question: Callable[[], Any]) -> Any:
        try:
            return question()
        except self._nvml.NVMLError:
            return None


def open_gpus(sim_file: Path | None, monotonic: Callable[[], float]) -> GpuReader:
    """The reader that fits this machine."""
    if sim_file is not None:
        return FileGpus(sim_file, monotonic)
    try:
        return NvmlGpus()
    except (ImportError, RuntimeError, OSError):
        return NoGpus()


def _from_file(told: dict[str, object]) -> GpuReading:
    return GpuReading(
        index=int(_figure(told["index"]) or 0),
        name=str(told.get("name") or ""),
        util_percent=_figure(told.get("util_percent")),
        memory_used_mib=_figure(told.get("memory_used_mib")),
        memory_total_mib=_figure(told.get("memory_total_mib")),
        temperature_c=_figure(told.get("temperature_c")),
        power_w=_figure(told.get("power_w")),
    )


def _figure(told: object) -> float | None:
    if isinstance(told, (int, float)) and not isinstance(told, bool) and math.isfinite(told):
        return float(told)
    return None

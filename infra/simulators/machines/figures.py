"""The small files by which a machine and the simulator tell each other figures.

A machine may write anything into its own folder: what cannot be read counts as not said.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def gpu_reading(run: Path) -> dict[str, object]:
    """The mean load and the hottest GPU; empty when the machine shows nothing."""
    try:
        gpus = json.loads((run / "gpu.json").read_text())["gpus"]
        return {
            "util_percent": sum(float(gpu["util_percent"]) for gpu in gpus) / len(gpus),
            "temperature_c": max(float(gpu["temperature_c"]) for gpu in gpus),
        }
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError):
        return {}


def traffic(run: Path) -> tuple[int, int]:
    """Bytes received and sent that the machine was last shown."""
    try:
        shown = json.loads((run / "net.json").read_text())
        return int(shown["rx_bytes"]), int(shown["tx_bytes"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0

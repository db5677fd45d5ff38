"""Where the provider's own record is, when nobody says: beside the local stack's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators import records

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def side_door(environment: Mapping[str, str], folder: Path) -> tuple[str, str]:
    """URL and key of the simulator: DUMONT_SIM_URL and DUMONT_SIM_KEY, or what the stack with
    this data folder runs. Empty where there is none.
    """
    url, key = environment.get("DUMONT_SIM_URL", ""), environment.get("DUMONT_SIM_KEY", "")
    record = records.read(folder / "vast")
    if not url and record is not None and record.process.alive:
        url = f"http://127.0.0.1:{record.port}"
    kept = folder / "simulator-key"
    if not key and kept.exists():
        key = kept.read_text(encoding="utf-8").strip()
    return url, key

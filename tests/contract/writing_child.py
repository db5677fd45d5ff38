"""Writes to an embedded store and bus for ever, and says on its output what was acknowledged."""

from __future__ import annotations

import sys
from pathlib import Path

from shared.adapters.embedded.bus import EmbeddedBus
from shared.adapters.embedded.store import EmbeddedStore
from shared.adapters.system import SystemClock, SystemIds
from shared.domain.events import InstanceChanged
from shared.domain.ids import InstanceId
from tests.contract.store_samples import THINGS, Thing


def main(folder: Path) -> None:
    clock = SystemClock()
    store = EmbeddedStore(folder / "store.db", clock)
    bus = EmbeddedBus(folder / "bus.db", clock, SystemIds())
    number = 0
    while True:
        store.add(THINGS, f"thing_{number:06}", Thing("child", rank=number))
        bus.publish([InstanceChanged(InstanceId(f"inst_{number}"), "written")])
        print(number, flush=True)
        number += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""What machines really did, for the judge: never told to anybody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulation.images import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.machines.host import Host


@dataclass(frozen=True, slots=True)
class Taken:
    """What a snapshot was made of. `writes` counts what its user had written by then."""

    snapshot_id: str
    contract_id: int
    instance_id: str
    content: str
    writes: int
    frozen: bool
    image: Image


@dataclass(frozen=True, slots=True)
class Filled:
    """What a restore brought onto a disk, and what lay there `before`."""

    snapshot_id: str
    contract_id: int
    instance_id: str
    content: str
    before: str = ""


class DiskTruth:
    def __init__(self) -> None:
        self.taken: dict[str, Taken] = {}
        self.fillings: list[Filled] = []
        self.listeners: list[Callable[[Filled], None]] = []

    def took(self, host: Host, snapshot_id: str, image: Image, content: str) -> None:
        frozen = host.container is not None and host.container.is_frozen
        instance_id = host.plan.instance_id if host.plan else ""
        self.taken[snapshot_id] = Taken(
            snapshot_id, host.contract.id, instance_id, content, host.disk.writes, frozen, image
        )

    def filled(self, host: Host, snapshot_id: str, content: str, before: str) -> None:
        instance_id = host.plan.instance_id if host.plan else ""
        filled = Filled(snapshot_id, host.contract.id, instance_id, content, before)
        self.fillings.append(filled)
        for listener in self.listeners:
            listener(filled)

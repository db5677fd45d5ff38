"""Which provider, machines, blobs and verifier this world has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.blobs import SimulatedBlobs
from tests.simulation.images import ImageVerifier
from tests.simulation.machines.machines import Machines
from tests.simulation.provider.provider import Provider

if TYPE_CHECKING:
    from shared.ports.blobs import BlobReader
    from tests.simulation.world import SimWorld


def blobs(world: SimWorld) -> SimulatedBlobs:
    return SimulatedBlobs(world)


def verifier(blobs: BlobReader) -> ImageVerifier:
    return ImageVerifier(blobs)


def provider(world: SimWorld) -> Provider:
    return Provider(world, world.settings.deployment_id)


def machines(world: SimWorld, provider: Provider) -> Machines:
    return Machines(world, provider.site, world.blobs)

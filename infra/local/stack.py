"""The whole product in one process: functions, bus, schedules, blobs, demo data."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from infra.local.delivery import Delivery
from infra.local.gateway import Gateway, load_functions
from infra.local.scheduler import Scheduler
from infra.local.seed import seed_demo, seed_login
from infra.packaging.agent_bundle import build
from infra.packaging.manifest import load
from shared.adapters.embedded.blob_server import BlobServer
from shared.adapters.embedded.blobs import EmbeddedBlobs
from shared.adapters.embedded.bus import EmbeddedBus
from shared.app.machines.bundle import publish_bundle
from shared.bootstrap import services

if TYPE_CHECKING:
    from infra.local.settings import Local

log = logging.getLogger(__name__)


class Stack:
    """Made in the serving process, after its environment is set."""

    def __init__(self, local: Local) -> None:
        self.local = local
        self.services = services()
        bundle, sha256 = build()
        publish_bundle(self.services, bundle, sha256)
        self.served = load_functions(load())
        blobs, bus = self.services.blobs, self.services.bus
        assert isinstance(blobs, EmbeddedBlobs)
        assert isinstance(bus, EmbeddedBus)
        server = BlobServer(blobs, self.services.secrets, self.services.clock)
        self.app = Gateway(self.served, server)
        self._delivery = Delivery(bus, self.services.clock, self.served)
        self._scheduler = Scheduler(self.served)

    def start(self) -> None:
        """Background work; the demo data follow when everything answers."""
        seed_login(self.services, self.local)
        self._delivery.start()
        self._scheduler.start()
        threading.Thread(
            target=seed_demo, args=(self.services,), name="demo-data", daemon=True
        ).start()

    def stop(self) -> None:
        self._scheduler.stop()
        self._delivery.stop()

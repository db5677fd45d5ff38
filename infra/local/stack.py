"""The whole product: functions, bus, schedules, blobs, demo data."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.local.agent import local_agent
from infra.local.delivery import Delivery
from infra.local.duty import Duty
from infra.local.gateway import Gateway, Served, load_functions
from infra.local.memory import give_back_large_blocks, loading
from infra.local.own_pages import own_pages_only
from infra.local.scheduler import Scheduler
from infra.local.seed import seed_demo, seed_login
from infra.local.site import Site
from infra.packaging.agent_bundle import AgentBundle
from infra.packaging.manifest import load
from shared.adapters.embedded.blob_server import BlobServer
from shared.adapters.embedded.blobs import EmbeddedBlobs
from shared.adapters.embedded.bus import EmbeddedBus
from shared.adapters.embedded.callers import SignedCallers
from shared.adapters.embedded.scheduler import StoreScheduler
from shared.app.machines.bundle import publish_bundle
from shared.bootstrap import services

if TYPE_CHECKING:
    from infra.local.settings import Local

log = logging.getLogger(__name__)
DUTY_WAIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What can be made before the workers are: they share its memory and start at once."""

    served: dict[str, Served]
    agent: AgentBundle


def parts() -> Parts:
    give_back_large_blocks()
    with loading():
        return Parts(load_functions(load(checked=False)), local_agent())


class Stack:
    """Made in a serving process, after its environment is set. Several serve the same folder;
    the background work is done by one of them, and by the next where that one ends.
    """

    def __init__(self, made: Parts, local: Local) -> None:
        self.local = local
        self.services = services()
        publish_bundle(self.services, made.agent.app, made.agent.sha256, made.agent.packs)
        self.served = made.served
        blobs, bus = self.services.blobs, self.services.bus
        assert isinstance(blobs, EmbeddedBlobs)
        assert isinstance(bus, EmbeddedBus)
        platform = SignedCallers(self.services.secrets, self.services.clock)
        server = BlobServer(blobs, self.services.secrets, self.services.clock)
        settings = self.services.settings
        self.site = Site(settings)
        self.app = Gateway(self.served, own_pages_only(server, settings), self.site)
        self._delivery = Delivery(bus, self.services.clock, platform, self.served)
        kept = StoreScheduler(self.services.store)
        self._scheduler = Scheduler(platform, self.served, kept, self.services.clock)
        self._duty = Duty(local.folder / "duty.lock")
        self._stopped = threading.Event()

    def start(self) -> None:
        """Take up the background work, or wait for the end of whoever does it."""
        if self._duty.take():
            self._work()
        else:
            threading.Thread(target=self._wait_for_duty, name="duty", daemon=True).start()

    def _wait_for_duty(self) -> None:
        while not self._stopped.wait(DUTY_WAIT_S):
            if self._duty.take():
                self._work()
                return

    def _work(self) -> None:
        """The demo data follow when everything answers."""
        seed_login(self.services, self.local)
        self._delivery.start()
        self._scheduler.start()
        threading.Thread(
            target=seed_demo, args=(self.services,), name="demo-data", daemon=True
        ).start()

    def stop(self) -> None:
        self._stopped.set()
        self._scheduler.stop()
        self._delivery.stop()
        self._duty.leave()

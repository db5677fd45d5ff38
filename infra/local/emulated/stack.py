"""The whole product as it is deployed: every function a process of its own, on emulators."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from infra.local.agent import local_agent
from infra.local.emulated import bundles, subscriptions, world
from infra.local.emulated.bucket import make_bucket
from infra.local.emulated.keeper import Keeper
from infra.local.emulated.processes import FunctionProcess, end_recorded
from infra.local.emulated.proxy import FunctionProxy
from infra.local.emulated.relay import Relay, RelayServer
from infra.local.emulated.watch import Watch
from infra.local.gateway import Gateway, Served
from infra.local.own_pages import own_pages_only
from infra.local.scheduler import Scheduler
from infra.local.seed import seed_demo, seed_login
from infra.local.site import Site
from infra.packaging.manifest import load
from shared.adapters.embedded.blob_gateway import BlobGateway
from shared.adapters.embedded.blob_server import BlobServer
from shared.adapters.embedded.callers import SignedCallers
from shared.adapters.embedded.scheduler import StoreScheduler
from shared.app.machines.bundle import publish_bundle
from shared.bootstrap import services

if TYPE_CHECKING:
    from infra.local.settings import Local


class EmulatedStack:
    """Made in the serving process, after its environment is set."""

    def __init__(self, local: Local) -> None:
        self.local = local
        self.services = services()
        self._manifest = load(checked=False)
        self._project = os.environ["GOOGLE_CLOUD_PROJECT"]
        processes = self._processes()
        self._keeper = Keeper(tuple(processes.values()))
        served = {
            name: Served(process.function, FunctionProxy(process))
            for name, process in processes.items()
        }
        secrets, clock, blobs = self.services.secrets, self.services.clock, self.services.blobs
        assert isinstance(blobs, BlobGateway)
        server = BlobServer(blobs, secrets, clock)
        settings = self.services.settings
        self.site = Site(settings)
        self.app = Gateway(served, own_pages_only(server, settings), self.site)
        platform = SignedCallers(secrets, clock)
        self._relay = RelayServer(Relay(self._project, served, platform))
        kept = StoreScheduler(self.services.store)
        self._scheduler = Scheduler(platform, served, kept, clock)
        self._watch = Watch(local.folder, self._declare)

    def _processes(self) -> dict[str, FunctionProcess]:
        data = self.local.folder
        end_recorded(world.states(data))
        staged = bundles.stage_all(self._manifest, world.bundles(data))
        told = function_variables()
        return {
            each.name: FunctionProcess(each, staged[each.name], world.states(data), told)
            for each in self._manifest.functions
        }

    def _declare(self) -> None:
        subscriptions.declare(self._manifest, self._project, self._relay.address)

    def start(self) -> None:
        """Returns when every function listens and the topics push to them. Raises FunctionDown,
        EmulatorDown.
        """
        self._keeper.begin()
        world.await_answers(self.local.folder)
        make_bucket(self._project, os.environ["DUMONT_BUCKET"])
        self._relay.start()
        self._declare()
        agent = local_agent()
        publish_bundle(self.services, agent.app, agent.sha256, agent.packs)
        seed_login(self.services, self.local)
        self._keeper.start()
        self._watch.start()
        self._scheduler.start()
        threading.Thread(
            target=seed_demo, args=(self.services,), name="demo-data", daemon=True
        ).start()

    def stop(self) -> None:
        self._scheduler.stop()
        self._watch.stop()
        self._relay.stop()
        self._keeper.stop()


def function_variables() -> dict[str, str]:
    """What a function is told: ours, the project's and the emulators', and nothing else of the
    environment that this stack was started in.
    """
    ours = ("DUMONT_", "GOOGLE_CLOUD_", "FIRESTORE_EMULATOR_", "PUBSUB_EMULATOR_")
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith((*ours, "STORAGE_EMULATOR_"))
    }

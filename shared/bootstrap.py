"""From the environment to the services of this process. Adapters are imported late, so that a
function loads only what it uses.
"""

from __future__ import annotations

import gc
import json
import os
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from shared.app.settings import Settings
from shared.domain.accounts import PROVIDERS
from shared.domain.rentals.timing import Timing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.app.machines.index_cache import CommandIndexCache
    from shared.app.machines.lease_cache import LeaseCache
    from shared.app.market.offers_cache import OfferCache
    from shared.app.services import Services
    from shared.domain.accounts import ProviderAccount
    from shared.ports.blobs import Blobs
    from shared.ports.bus import Bus
    from shared.ports.callers import Callers
    from shared.ports.clock import Clock, Ids
    from shared.ports.lanes import Lanes
    from shared.ports.marketplace import Marketplace, MarketplaceSignup
    from shared.ports.scheduler import Scheduler
    from shared.ports.secrets import Secrets
    from shared.ports.snapshots import SnapshotVerifier
    from shared.ports.store import Store

# A start makes what stays, and almost nothing that a call makes lives in a cycle: looking through
# all of it after every 700 objects more is a tenth of a start, and a pause in a call.
gc.set_threshold(50_000, 10, 10)

KEYS = {"vast": "DUMONT_VAST_KEY", "tensordock": "DUMONT_TENSORDOCK_KEY"}
URLS = {"vast": "DUMONT_VAST_URL", "tensordock": "DUMONT_TENSORDOCK_URL"}
LANES = 8  # connections to marketplaces that one process holds at once
VAST_URL = "https://console.vast.ai"
VAST_STOP_PATH = "/api/v0/instances/{contract}/"


def settings_of(environment: Mapping[str, str]) -> Settings:
    """What DUMONT_* variables say. Raises ValueError for one that cannot be read."""
    public_url = environment.get("DUMONT_PUBLIC_URL", "http://127.0.0.1:8080").rstrip("/")
    hosts = environment.get("DUMONT_ALLOWED_HOSTS", "")
    return Settings(
        deployment_id=environment.get("DUMONT_DEPLOYMENT_ID", "local"),
        public_url=public_url,
        agent_url=environment.get("DUMONT_AGENT_URL", public_url).rstrip("/"),
        registration_open=environment.get("DUMONT_REGISTRATION_OPEN", "false") == "true",
        site_origin=environment.get("DUMONT_SITE_ORIGIN", ""),
        allowed_hosts=tuple(host.strip() for host in hosts.split(",") if host.strip()),
        trusted_hops=int(environment.get("DUMONT_TRUSTED_HOPS", "0")),
        area_urls=json.loads(environment.get("DUMONT_AREA_URLS", "{}")),
        lease_renewal_s=int(environment.get("DUMONT_LEASE_RENEWAL_S", "300")),
        offers_cache_s=int(environment.get("DUMONT_OFFERS_CACHE_S", "30")),
        default_beat_s=int(environment.get("DUMONT_BEAT_S", "30")),
        command_index_cache_s=int(environment.get("DUMONT_INDEX_S", "5")),
        calls_per_s=float(environment.get("DUMONT_CALLS_PER_S", "10")),
        machines_at_loopback=environment.get("DUMONT_MACHINES_AT_LOOPBACK", "false") == "true",
        timing=Timing(**json.loads(environment.get("DUMONT_TIMING", "{}"))),
        stop_urls={"vast": f"{environment.get('DUMONT_VAST_URL', VAST_URL)}{VAST_STOP_PATH}"},
    )


class EmbeddedServices:
    """Everything in one folder: nothing to set up. Each part is made at its first use."""

    def __init__(self, settings: Settings, folder: Path, environment: Mapping[str, str]) -> None:
        self.settings = settings
        self._folder = folder
        self._environment = environment
        self._lock = RLock()
        self._markets: dict[tuple[str, str], Marketplace] = {}

    @cached_property
    def clock(self) -> Clock:
        from shared.adapters.system import SystemClock

        return SystemClock()

    @cached_property
    def ids(self) -> Ids:
        from shared.adapters.system import SystemIds

        return SystemIds()

    @cached_property
    def store(self) -> Store:
        from shared.adapters.embedded.store import EmbeddedStore

        return EmbeddedStore(self._folder / "store.sqlite", self.clock)

    @cached_property
    def bus(self) -> Bus:
        from shared.adapters.embedded.bus import EmbeddedBus

        return EmbeddedBus(self._folder / "bus.sqlite", self.clock, self.ids)

    @cached_property
    def secrets(self) -> Secrets:
        from shared.adapters.embedded.secrets import EmbeddedSecrets

        return EmbeddedSecrets(self._folder / "master.key")

    @cached_property
    def callers(self) -> Callers:
        from shared.adapters.embedded.callers import SignedCallers

        return SignedCallers(self.secrets, self.clock)

    @cached_property
    def scheduler(self) -> Scheduler:
        from shared.adapters.embedded.scheduler import StoreScheduler

        return StoreScheduler(self.store)

    @cached_property
    def blobs(self) -> Blobs:
        from shared.adapters.embedded.blobs import EmbeddedBlobs

        return EmbeddedBlobs(self._folder / "blobs", self.clock, self.secrets, self._blobs_url)

    @cached_property
    def snapshots(self) -> SnapshotVerifier:
        from shared.adapters.snapshots import EngineVerifier

        return EngineVerifier(self.blobs)

    @cached_property
    def command_index(self) -> CommandIndexCache:
        from shared.app.machines.index_cache import CommandIndexCache

        return CommandIndexCache(self.store, self.clock, self.settings.command_index_cache_s)

    @cached_property
    def leases(self) -> LeaseCache:
        from shared.app.machines.lease_cache import LeaseCache

        return LeaseCache()

    @cached_property
    def offers_cache(self) -> OfferCache:
        from shared.app.market.offers_cache import OfferCache

        return OfferCache(self.clock, self.settings.offers_cache_s)

    @cached_property
    def lanes(self) -> Lanes:
        from shared.adapters.lanes import ThreadLanes

        return ThreadLanes(LANES)

    @cached_property
    def public_marketplaces(self) -> tuple[Marketplace, ...]:
        keys = {name: self._environment.get(KEYS[name], "") for name in PROVIDERS}
        return tuple(self._market(name, key) for name, key in keys.items() if key)

    def marketplace(self, account: ProviderAccount) -> Marketplace:
        return self._market(account.provider, self.secrets.open(account.sealed_key, account.id))

    @cached_property
    def signups(self) -> tuple[MarketplaceSignup, ...]:
        from shared.adapters.markets import signup_at

        told = self._environment
        key = told.get("DUMONT_SIM_KEY", "")
        credit = int(told.get("DUMONT_SIM_CREDIT_MICRO_USD", "50000000"))
        # Under another key than the simulators' it is the real one, which opens no accounts.
        simulated = [name for name in PROVIDERS if key and told.get(KEYS[name]) == key]
        return tuple(
            signup_at(name, key, self.clock, told[URLS[name]], credit) for name in simulated
        )

    @property
    def _blobs_url(self) -> str:
        return self._environment.get("DUMONT_BLOBS_URL", f"{self.settings.public_url}/blobs")

    def _market(self, provider: str, key: str) -> Marketplace:
        """One client for each key, since its connections are kept open."""
        from shared.adapters.markets import marketplace_at

        with self._lock:
            named = (provider, key)
            if named not in self._markets:
                url = self._environment.get(URLS.get(provider, ""), "")
                self._markets[named] = marketplace_at(provider, key, self.clock, url)
            return self._markets[named]


class GoogleServices(EmbeddedServices):
    """Firestore, Pub/Sub and Cloud Storage of one project; the emulators answer where they are
    named by their own variables.
    """

    @cached_property
    def store(self) -> Store:
        from shared.adapters.firestore.store import FirestoreStore

        return FirestoreStore(self.clock, project=self._project)

    @cached_property
    def command_index(self) -> CommandIndexCache:
        """Read over REST, so that a process of steady heartbeats never loads gRPC."""
        from shared.adapters.firestore.reader import RestReader
        from shared.app.machines.index_cache import CommandIndexCache

        reader = RestReader(self.clock, project=self._project)
        return CommandIndexCache(reader, self.clock, self.settings.command_index_cache_s)

    @cached_property
    def bus(self) -> Bus:
        from shared.adapters.pubsub.bus import PubsubBus

        return PubsubBus(self.clock, self.ids, project=self._project)

    @cached_property
    def blobs(self) -> Blobs:
        from shared.adapters.gcs.blobs import GcsBlobs

        bucket = self._environment["DUMONT_BUCKET"]
        blobs = GcsBlobs(bucket, self.clock, project=self._project)
        if not self._environment.get("STORAGE_EMULATOR_HOST"):
            return blobs
        from shared.adapters.embedded.blob_gateway import BlobGateway

        # That server takes no plain PUT and knows no grants: machines come through ours.
        return BlobGateway(blobs, self.clock, self.secrets, self._blobs_url)

    @cached_property
    def secrets(self) -> Secrets:
        """DUMONT_SECRETS=file is for the emulators, among which there is no Secret Manager."""
        if self._environment.get("DUMONT_SECRETS", "secret_manager") == "file":
            return super().secrets
        from shared.adapters.secret_manager.secrets import SecretManagerSecrets
        from shared.adapters.secret_manager.versions import SecretVersions

        versions = SecretVersions(self._environment["DUMONT_MASTER_SECRET"])
        return SecretManagerSecrets(versions, self.clock)

    @cached_property
    def callers(self) -> Callers:
        """DUMONT_CALLER_PROOF=signed is for the emulators, which have no tokens of Google's."""
        if self._environment.get("DUMONT_CALLER_PROOF", "oidc") == "signed":
            return super().callers
        from shared.adapters.oidc.callers import OidcCallers
        from shared.adapters.oidc.certificates import GoogleCertificates

        accounts = self._environment["DUMONT_CALLER_ACCOUNTS"].split(",")
        return OidcCallers(
            self._environment["DUMONT_CALLER_AUDIENCE"],
            frozenset(each.strip() for each in accounts if each.strip()),
            GoogleCertificates(self.clock),
        )

    @cached_property
    def scheduler(self) -> Scheduler:
        """Without DUMONT_SCHEDULER_PARENT the store keeps the state: beside the emulators, among
        which there is no Cloud Scheduler.
        """
        parent = self._environment.get("DUMONT_SCHEDULER_PARENT", "")
        if not parent:
            return super().scheduler
        from shared.adapters.cloud_scheduler.scheduler import CloudScheduler

        return CloudScheduler(parent)

    @property
    def _project(self) -> str:
        return self._environment["GOOGLE_CLOUD_PROJECT"]


def of_environment(environment: Mapping[str, str]) -> Services:
    """DUMONT_PLATFORM is `embedded` (default) or `google`. Raises KeyError for what is missing."""
    folder = Path(environment.get("DUMONT_DATA_DIR", ".data"))
    google = environment.get("DUMONT_PLATFORM") == "google"
    if google:
        return GoogleServices(settings_of(environment), folder, environment)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return EmbeddedServices(settings_of(environment), folder, environment)


_lock = RLock()
_provided: list[Services] = []  # the one of this process, once somebody has asked


def services() -> Services:
    """The services of this process, made at the first call from its environment."""
    with _lock:
        if not _provided:
            _provided.append(of_environment(os.environ))
        return _provided[0]


def use(chosen: Services | None) -> None:
    """From now on these; None forgets them. For tests and the local stack."""
    with _lock:
        _provided[:] = [] if chosen is None else [chosen]

"""From the environment to the services of this process. Adapters are imported late, so that a
function loads only what it uses.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from shared.app.settings import Settings

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.ports.bus import Bus
    from shared.ports.clock import Clock, Ids
    from shared.ports.store import Store


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
    )


class EmbeddedServices:
    """Everything in one folder: nothing to set up. Each part is made at its first use."""

    def __init__(self, settings: Settings, folder: Path, environment: Mapping[str, str]) -> None:
        self.settings = settings
        self._folder = folder
        self._environment = environment
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

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


def _embedded(environment: Mapping[str, str]) -> Services:
    folder = Path(environment.get("DUMONT_DATA_DIR", ".data"))
    return EmbeddedServices(settings_of(environment), folder, environment)


_lock = RLock()
_provided: list[Services] = []  # the one of this process, once somebody has asked


def services() -> Services:
    """The services of this process, made at the first call from its environment."""
    with _lock:
        if not _provided:
            _provided.append(_embedded(os.environ))
        return _provided[0]


def use(chosen: Services | None) -> None:
    """From now on these; None forgets them. For tests and the local stack."""
    with _lock:
        _provided[:] = [] if chosen is None else [chosen]

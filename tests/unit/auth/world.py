"""A deployment on fakes: real store, real hashes, a clock that stands still."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from shared.adapters.embedded.callers import SignedCallers
from shared.adapters.embedded.memory import MemoryStore
from shared.app.auth.authenticate import principal_of
from shared.app.auth.login import login
from shared.app.auth.register import register
from shared.app.settings import Settings
from shared.domain.errors import Forbidden, ProviderCannot, ProviderKeyRejected, ProviderUnknown
from shared.ports.secrets import SigningKey
from shared.ports.store import Store
from tests.fakes.clock import FakeClock, SeededIds

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.accounts import ProviderAccount
    from shared.domain.principals import Principal
else:
    Services = object  # its read-only properties would stand in the way of the fields below

EMAIL = "ann@example.org"
PASSWORD = "correct horse battery staple"


class FakeSecrets:
    """Two live keys per purpose; `rotate` makes a new one and drops the oldest."""

    def __init__(self) -> None:
        self.generation = 2
        self.data_keys = 0

    def rotate(self) -> None:
        self.generation += 1

    def signing_keys(self, purpose: str) -> tuple[SigningKey, ...]:
        return _signing_keys(purpose, self.generation)

    def seal(self, plain: str, context: str) -> str:
        return f"{context}|{plain[::-1]}"

    def new_data_key(self, context: str) -> str:
        self.data_keys += 1
        return self.seal(base64.b64encode(self.data_keys.to_bytes(32, "big")).decode(), context)

    def open(self, sealed: str, context: str) -> str:
        found, _, plain = sealed.partition("|")
        if found != context:
            raise Forbidden("not sealed here")
        return plain[::-1]


@lru_cache(maxsize=256)
def _signing_keys(purpose: str, newest: int) -> tuple[SigningKey, ...]:
    return tuple(
        SigningKey(f"k{number}", hashlib.sha256(f"{purpose}/{number}".encode()).digest())
        for number in (newest, newest - 1)
    )


class FakeSignup:
    """Opens accounts with the keys `sim-1`, `sim-2`, ...; fails while `is_away`."""

    def __init__(self, provider: str = "vast") -> None:
        self.provider = provider
        self.is_away = False
        self.opened: list[str] = []

    def open_account(self, user_hint: str) -> str:
        if self.is_away:
            raise ProviderUnknown("the simulator is away")
        self.opened.append(user_hint)
        return f"sim-{len(self.opened)}"


@dataclass
class FakeMarketplace:
    """Takes the keys that begin with `good`; only VAST tells what credit is left."""

    key: str
    contracts: tuple[str, ...]
    provider: str = "vast"

    def credit_micro_usd(self) -> int:
        if self.provider != "vast":
            raise ProviderCannot("it does not say")
        self._require_key()
        return 25_000_000

    def _require_key(self) -> None:
        if not self.key.startswith("good"):
            raise ProviderKeyRejected("no such key")

    def listing(self) -> Any:
        self._require_key()
        return SimpleNamespace(contracts=[SimpleNamespace(id=each) for each in self.contracts])


@dataclass
class World(Services):
    """What authentication uses of Services; anything else is missing and so not used."""

    settings: Settings = field(
        default_factory=lambda: Settings(
            deployment_id="test",
            public_url="http://127.0.0.1:8080",
            agent_url="http://127.0.0.1:8080",
            registration_open=True,
        )
    )
    clock: FakeClock = field(default_factory=FakeClock)
    ids: SeededIds = field(default_factory=SeededIds)
    secrets: FakeSecrets = field(default_factory=FakeSecrets)
    signups: tuple[FakeSignup, ...] = ()
    contracts: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by the provider's key
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = MemoryStore(self.clock)

    def marketplace(self, account: ProviderAccount) -> Any:
        key = self.secrets.open(account.sealed_key, account.id)
        return FakeMarketplace(key, self.contracts.get(key, ()), account.provider)

    @property
    def callers(self) -> Any:
        return SignedCallers(self.secrets, self.clock)

    def close_registration(self) -> None:
        self.settings = replace(self.settings, registration_open=False)


def of_the_platform(services: Any, function: str) -> dict[str, str]:
    """The headers of a push or of a scheduled run: nobody else starts a background function."""
    return {"Authorization": f"Bearer {services.callers.proof(function)}"}


def new_world() -> World:
    return World()  # type: ignore[abstract]


def logged_in(world: World, email: str = EMAIL) -> Principal:
    """Somebody new, as their access token shows them."""
    register(world, email, PASSWORD)
    return principal_of(world, login(world, email, PASSWORD).access_token)

"""Accounts of a running stack, each with a part of a stored fleet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from frontend.client.dumont import Dumont
from shared.app.auth.users import user_by_email
from shared.domain.instances.model import Instance
from tests.bench import stored

if TYPE_CHECKING:
    from shared.app.services import Services

PASSPHRASE = "a long bench pass phrase 1"


@dataclass(frozen=True, slots=True)
class Person:
    """`headers` carry an access token."""

    headers: dict[str, str]
    fleet: list[Instance]


def join(url: str, services: Services, how_many: int, machines: int) -> list[Person]:
    """New users of the stack at this address, each with so many machines in its store."""
    return [_join(url, services, number, machines) for number in range(how_many)]


def _join(url: str, services: Services, number: int, machines: int) -> Person:
    email = f"bench-{services.ids.token(8)}-{number}@example.org".lower()
    with Dumont(url) as cloud:
        cloud.auth.register(email, PASSPHRASE)
        tokens = cloud.transport.vault.load()
    user = user_by_email(services.store, email)
    assert tokens
    assert user
    fleet = stored.store(services, user.value.id, machines)
    return Person({"Authorization": f"Bearer {tokens.access}"}, fleet)

"""Somebody with an account of their own, who rents and works."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import httpx

from frontend.client.dumont import Dumont
from frontend.client.orders import Hibernation, OfferQuery, Order, Race
from infra.local.demo import shell
from tests.e2e.provider import Provider, account_ids
from tests.e2e.waiting import until

if TYPE_CHECKING:
    from frontend.client.models.instances import Instance
    from frontend.client.models.operations import Operation
    from tests.e2e.running_stack import RunningStack

CHEAP = OfferQuery(max_price=2.0, num_gpus=1)
IMAGE = "alpine:3.20"
CHEAPEST = 10  # left to those who ask for a race
WORKSPACE = "cd ${WORKSPACE:-/workspace}"
NEVER = Hibernation(enabled=False)


class Person:
    """A fresh login and the simulated marketplace account that came with it."""

    def __init__(self, stack: RunningStack) -> None:
        self.stack = stack
        self.cloud = Dumont(stack.url)
        before = account_ids(stack)
        self.email = f"p-{secrets.token_hex(5)}@example.org"
        self.password = secrets.token_urlsafe(18)
        self.cloud.auth.register(self.email, self.password)
        self.cloud.instances.balance()
        (account,) = account_ids(stack) - before
        self.provider = Provider(stack, account)
        self.key = shell.Key.fresh()

    @property
    def bearer(self) -> dict[str, str]:
        tokens = self.cloud.transport.vault.load()
        assert tokens is not None
        return {"Authorization": f"Bearer {tokens.access}"}

    def http(self) -> httpx.Client:
        """Without the SDK's patience: what the server says is what one gets."""
        return httpx.Client(base_url=self.stack.url, headers=self.bearer, timeout=20)

    def order(self, width: int = 1) -> Order:
        """A race for the cheapest, or one offer that no other test asks for."""
        return Order(
            want=CHEAP if width > 1 else None,
            offer_id=self._own_offer() if width == 1 else None,
            image=IMAGE,
            disk_gb=10,
            ssh_public_key=self.key.public_line,
            race=Race(width=width),
            hibernation=NEVER,
        )

    def _own_offer(self) -> str:
        listed = self.cloud.instances.offers(OfferQuery(max_price=20.0, limit=200)).items
        shared = {each.machine_id for each in listed[:CHEAPEST]} | self.stack.taken
        own = next(each for each in listed if each.machine_id not in shared)
        self.stack.taken.add(own.machine_id)
        return own.offer_id

    def rents(self, width: int = 1) -> str:
        """The id of an instance whose machine is on its way."""
        accepted = self.cloud.instances.create(self.order(width))
        assert accepted.instance is not None
        return accepted.instance.id

    def runs(self, width: int = 1) -> str:
        """The id of an instance that is running."""
        instance_id = self.rents(width)
        self.sees(instance_id, "running")
        return instance_id

    def sees(self, instance_id: str, *states: str, within_s: float = 60.0) -> Instance:
        told: list[str] = []

        def look() -> Instance | None:
            found = self.cloud.instances.get(instance_id, watch=True)
            told[:] = [found.state, found.state_reason or ""]
            return found if found.state in states else None

        try:
            return until(f"the state {' or '.join(states)}", look, within_s)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {' '.join(told)}") from None

    def operation_ends(self, operation_id: str, within_s: float = 60.0) -> Operation:
        def look() -> Operation | None:
            found = self.cloud.operations.get(operation_id)
            return found if found.ended else None

        return until(f"the end of operation {operation_id}", look, within_s)

    def says(self, instance_id: str, command: str) -> str:
        """What a command printed in the machine's workspace."""

        def attempt() -> str | None:
            address = self.cloud.instances.get(instance_id).ssh
            if address is None:
                return None
            try:
                return shell.run(address, self.key, f"{WORKSPACE} && {command}", within_s=20)
            except shell.NotYet:
                return None

        return until("a way in over SSH", attempt)

    def contract_of(self, instance_id: str) -> int:
        machine = self.cloud.instances.get(instance_id).machine
        assert machine is not None
        assert machine.contract_id is not None
        return int(machine.contract_id.rpartition(":")[2])

    def story(self, instance_id: str) -> str:
        return "\n".join(
            f"{each.kind}: {each.message}" for each in self.cloud.instances.events(instance_id)
        )

    def lets_go(self) -> None:
        """Everything is released, without waiting for it."""
        self.provider.faults()
        for each in self.cloud.instances.all():
            if each.state not in {"destroyed", "destroying"}:
                self.cloud.instances.destroy(each.id, force=True)
        self.cloud.close()

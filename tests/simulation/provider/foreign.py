"""Contracts of the same account that are not ours: nobody of us may touch them.

Somebody else's, another deployment's under its own key or a copy of ours, and ours by name with a
forged proof.
In some seeds there are none (an empty account must be able to finish), in some so many that a
listing has several pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.vast.model import create, lifecycle
from shared.domain.ids import RentalId
from shared.domain.rentals.labels import label_of
from tests.simulation.judge.naming import rental_named
from tests.unit.auth.world import FakeSecrets

if TYPE_CHECKING:
    import random

    from infra.simulators.vast.model.state import Contract
    from tests.simulation.provider.site import Site

FEW = 3
MANY = (26, 33)
NO_DECOYS, MANY_DECOYS = 0.25, 0.04  # shares of all seeds
LATE, LATER_S = (0, 0, 1, 3), (60.0, 5000.0)  # of those with decoys: how many come, and when
ANOTHERS_KEY = b"another deployment's key"


def number_of(chance: random.Random) -> int:
    drawn = chance.random()
    if drawn < NO_DECOYS:
        return 0
    return chance.randint(*MANY) if drawn < NO_DECOYS + MANY_DECOYS else FEW


def late_of(chance: random.Random) -> int:
    """How many come while ours are rented, and while they are let go."""
    return chance.choice(LATE)


def _our_key() -> bytes:
    """Whoever sets up a second deployment from a copy of the first has it."""
    return FakeSecrets().signing_keys("label")[0].secret


class Foreigners:
    """`ended` holds those that their owners ended themselves."""

    def __init__(self, site: Site, chance: random.Random, deployment_id: str) -> None:
        self._site = site
        self._chance = chance
        self._deployment_id = deployment_id
        self._labels = (
            "somebody else's",
            label_of("production", RentalId("rent_1"), ANOTHERS_KEY),
            label_of(deployment_id, RentalId("rent_1"), ANOTHERS_KEY),
            label_of("production", RentalId("rent_1"), _our_key()),
            f"dumont/{deployment_id}/rent_2",
            "",
        )
        self.ids: set[int] = set()
        self.ended: set[int] = set()

    def settle_in(self, count: int) -> None:
        for _ in range(count):
            self.arrive()

    def arrive(self) -> Contract:
        """A new contract on a machine of its own."""
        site, label = self._site, self._label()
        ask_id = site.private_ask()
        body: dict[str, object] = {"label": label, "image": "python:3.12", "disk": 20}
        made = create.create(site.model, site.account, ask_id, body, site.now())
        self.ids.add(made.id)
        return made

    def _label(self) -> str:
        """In turn; and once ours are there, the name of one of them: under another's key, or in
        another deployment.
        """
        ours = [named for each in self._site.ours() if (named := rental_named(each))]
        if ours and self._chance.random() < 0.5:
            named = RentalId(self._chance.choice(ours))
            if self._chance.random() < 0.5:
                return label_of(self._deployment_id, named, ANOTHERS_KEY)
            return label_of("production", named, _our_key())
        return self._labels[len(self.ids) % len(self._labels)]

    def move(self) -> None:
        """One goes, another comes: the pages of a listing change while they are read."""
        standing = sorted(self.ids - self.ended)
        if standing:
            leaving = self._site.model.contracts[self._chance.choice(standing)]
            self.ended.add(leaving.id)
            self._site.model.slices[leaving.slot].host_dead = True  # offered to nobody else
            lifecycle.destroy(self._site.model, leaving, self._site.now())
        if not self._site.account.broke:
            self.arrive()

"""What befalls the deployment as a whole, each at a moment of its own in the storm."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import orjson

from tests.simulation import menu

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.world import SimWorld

_NOT_BEFORE_S, _BEFORE_END_S = 600.0, 300.0
_AWAY_S = (1200.0, 3600.0)
_LAST_MOMENTS = 0.6  # of the older copies are so young that little is lost
_COPIED_EVERY_S = 4.0
_NEWER_S = (30.0, 1200.0)
_NEWER_SCHEMA = 99
_NEW_WORD = "hovering"


class Disasters:
    """Draws them when the world begins."""

    def __init__(self, world: SimWorld) -> None:
        self._world = world
        self._chance = world.chance("disasters")
        for cell in list(world.faults.rates):
            befall = self._of(*cell)
            if befall is not None:
                world.agenda.later(self._some_moment_s(), partial(self._at, cell, befall))

    def _of(self, fault: str, call: str) -> Callable[[], None] | None:
        if fault == menu.CONTROL_PLANE_AWAY:
            return lambda: self._world.go_away(self._at_most(self._chance.choice(_AWAY_S)))
        if fault == menu.OLDER_STORE:
            return self._older_store()
        if fault == menu.WIPED_STORE:
            # What there was after set-up: the owners have handed their keys in again.
            return self._world.lost_store.put_back
        if fault == menu.NEWER_SCHEMA:
            return lambda: self._rewrite(call, {"schema": _NEWER_SCHEMA})
        if fault == menu.UNKNOWN_STATE:
            return lambda: self._rewrite(call, {"state": _NEW_WORD})
        return None

    def _older_store(self) -> Callable[[], None]:
        if self._chance.random() < _LAST_MOMENTS:
            return self._lose_the_last_moments
        lost_store = self._world.lost_store
        self._world.agenda.later(self._some_moment_s() / 2, lost_store.keep)
        return lost_store.put_back

    def _lose_the_last_moments(self) -> None:
        """The copy is some seconds old when it is put back: as soon as that forgets a contract."""
        self._world.lost_store.keep()
        self._world.agenda.later(_COPIED_EVERY_S, self._put_back_or_copy_again)

    def _put_back_or_copy_again(self) -> None:
        """Every other time what is forgotten never comes up: nobody hears of it by itself."""
        world, lost_store = self._world, self._world.lost_store
        if world.faults.calm or lost_store.happened:
            return
        forgotten = lost_store.would_forget()
        if not forgotten:
            self._lose_the_last_moments()
            return
        lost_store.put_back()
        if self._chance.random() < 0.5:
            for contract in forgotten:
                world.provider.site.befall("host_death", contract)

    def _some_moment_s(self) -> float:
        return self._chance.uniform(_NOT_BEFORE_S, self._world.storm_s - _BEFORE_END_S)

    def _at(self, cell: tuple[str, str], befall: Callable[[], None]) -> None:
        if not self._world.faults.calm and self._world.faults.happens(*cell):
            befall()

    def _at_most(self, seconds: float) -> float:
        """With the storm everything of it ends."""
        return min(seconds, self._world.storm_s - self._world.agenda.now_s)

    def _rewrite(self, collection: str, words: dict[str, object]) -> None:
        """Newer code has saved one document, and saves it as it was some time later."""
        store = self._world.store
        bodies = sorted(store.bodies(collection).items())
        if not bodies:
            return  # nobody has written one yet
        key, body = self._chance.choice(bodies[-4:])
        self._world.tell(f"newer code writes {collection}/{key}: {words}")
        store.overwrite(collection, key, orjson.dumps(orjson.loads(body) | words).decode())
        seconds = self._at_most(self._chance.uniform(*_NEWER_S))
        self._world.agenda.later(seconds, lambda: self._put_back(collection, key, body))

    def _put_back(self, collection: str, key: str, body: str) -> None:
        if self._world.lost_store.happened:
            return
        self._world.tell(f"{collection}/{key} is readable again")
        self._world.store.overwrite(collection, key, body)

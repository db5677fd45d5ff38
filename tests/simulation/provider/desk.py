"""The marketplace's front desk: one request, with what befalls it, against the one VAST model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from infra.simulators.vast.api import dispatch
from tests.simulation.provider.fortune import (
    STALE_AFTER_S,
    TIMEOUT_S,
    Fortune,
    draw,
    short_of_rows,
    without,
    without_the_young,
)
from tests.simulation.provider.wire import no_answer, raw_reply

if TYPE_CHECKING:
    import random

    from infra.simulators.vast.model.state import Row
    from infra.simulators.wire import Answer, Request
    from shared.adapters.market_api.transport import RawReply
    from tests.simulation.ports import World
    from tests.simulation.provider.site import Site

REFUSED_AT_ONCE_S = 1.0


class Log(Protocol):
    """Hears of every request: when it leaves us, and when the provider has it."""

    def issued(self, call: str, request: Request) -> None: ...
    def arrived(self, call: str, request: Request) -> None: ...


class Desk:
    """`exchange` takes virtual time where it stalls; the usual way to and fro is the engine's.

    `lies` counts the lists that were wrong and did not show it.
    """

    def __init__(self, world: World, site: Site) -> None:
        self._world = world
        self._site = site
        self._chance: random.Random = world.chance("provider.calls")
        self._ends_s = world.clock.monotonic_s() + world.storm_s
        self.log: list[Log] = []
        self.lies = 0
        self._broken_since = self._broken_until = 0.0
        self._unlisted: tuple[str, int] | None = None  # by whom, and which contract
        self._hidden_s = self._hidden_until = 0.0

    def exchange(self, call: str, request: Request) -> RawReply:
        """Raises httpx.HTTPError when no answer came."""
        for each in self.log:
            each.issued(call, request)
        clock = self._world.clock
        left_s = self._ends_s - clock.monotonic_s()
        fortune = draw(self._world.faults, self._chance, call, left_s)
        self.lies += fortune.lies
        self._break(call, request, fortune)
        if fortune.stall_s:
            clock.sleep(fortune.stall_s)
        if fortune.late_s is not None:
            self._take_effect_late(call, request, fortune)
            clock.sleep(TIMEOUT_S)
            raise no_answer(f"{call} timed out")
        answer = self._perform(call, request, fortune)
        if fortune.broken_s:
            self._unlisted = (_key_of(request), max(self._site.model.contracts))
        self._world.tell(f"{call} {request.path} -> {answer.status}")
        if answer.lost:
            clock.sleep(TIMEOUT_S if answer.status else REFUSED_AT_ONCE_S)
            raise no_answer(f"{call} was not answered")
        return raw_reply(answer.status, answer.content_type, answer.body, self._site.now())

    def _break(self, call: str, request: Request, fortune: Fortune) -> None:
        """What breaks heals by itself, or when the faults stop."""
        now = self._world.clock.monotonic_s()
        if fortune.broken_s:
            self._broken_since, self._broken_until = now, now + fortune.broken_s
        if fortune.hidden_s:
            self._hidden_s, self._hidden_until = fortune.hidden_s, now + fortune.hidden_s
        if call != "provider.listing" or self._world.faults.calm:
            return
        if now < self._hidden_until:
            fortune.rules.append(without_the_young(self._hidden_s))
        if now < self._broken_until:
            fortune.rules.append(self._of_a_broken_index(now, request))

    def _of_a_broken_index(self, now: float, request: Request) -> Row:
        """Short of rows, as the list itself shows; but for one, well-formed, that lacks what was
        made when it broke.
        """
        unlisted, is_old = self._unlisted, now - self._broken_since >= STALE_AFTER_S
        if unlisted is None or unlisted[0] != _key_of(request) or not is_old:
            return short_of_rows()
        self._unlisted = None
        self.lies += 1
        return without(unlisted[1])

    def _perform(self, call: str, request: Request, fortune: Fortune) -> Answer:
        site = self._site
        site.model.fault_rules = fortune.rules
        try:
            answer = dispatch.answer(site.model, request, site.now(), site.now())
        finally:
            site.model.fault_rules = []
        site.looked()
        if answer.status:
            for each in self.log:
                each.arrived(call, request)
        if b'"next_token":"' in answer.body:
            self._between_pages(fortune)
        return answer

    def _between_pages(self, fortune: Fortune) -> None:
        if fortune.moves:
            self._site.foreign.move()
        if fortune.pause_s:
            self._world.clock.sleep(fortune.pause_s)

    def _take_effect_late(self, call: str, request: Request, fortune: Fortune) -> None:
        def arrive() -> None:
            answer = self._perform(call, request, Fortune())
            self._world.tell(f"late: {request.method} {request.path} -> {answer.status}")

        self._world.later(TIMEOUT_S + (fortune.late_s or 0.0), "a late call arrives", arrive)


def _key_of(request: Request) -> str:
    return request.headers["authorization"]

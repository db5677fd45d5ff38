"""Ways to race, all asked the same: which offers to start at this moment, and when to ask again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from shared.domain.market.candidates import candidates
from shared.domain.market.offers import Offer, OfferFilter
from shared.domain.racing.decide import next_racers
from shared.domain.racing.entry import Racer, entry_of_offer
from shared.domain.racing.experience import Experience
from shared.domain.racing.learn import learn
from shared.domain.racing.odds import oddsmaker
from shared.domain.racing.stakes import Stakes
from shared.domain.racing.subject import subject_of_offer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.domain.history.attempt import Attempt

DISK_GB = 50
MOST_AT_ONCE = 5
WANT = OfferFilter(min_disk_gb=DISK_GB)


@dataclass(frozen=True, slots=True)
class Question:
    """`open_offers` are those on machines that were not tried in this launch."""

    now: datetime
    deadline: datetime
    image: str
    open_offers: tuple[Offer, ...]
    racing: tuple[Racer, ...]


class Rival(Protocol):
    def turn(self, question: Question) -> tuple[tuple[Offer, ...], datetime]: ...

    def told(self, attempts: Sequence[Attempt], now: datetime) -> None:
        """A race is over."""


@dataclass
class Fixed:
    """`width` at once, best score first; the next only when none of them is left."""

    width: int

    def turn(self, question: Question) -> tuple[tuple[Offer, ...], datetime]:
        if question.racing:
            return (), question.deadline
        return candidates(question.open_offers, WANT, self.width), question.deadline

    def told(self, attempts: Sequence[Attempt], now: datetime) -> None:
        """It learns nothing."""


@dataclass
class ByOdds:
    """The product's own decision. `learns` False: it stays with what it knows."""

    experience: Experience
    learns: bool = True
    waiting_rate: int | None = None

    def turn(self, question: Question) -> tuple[tuple[Offer, ...], datetime]:
        offers = {each.offer_id: each for each in question.open_offers}
        turn = next_racers(
            question.now,
            question.racing,
            [entry_of_offer(each, question.image, DISK_GB) for each in question.open_offers],
            self.experience,
            Stakes(
                most=MOST_AT_ONCE - len(question.racing),
                deadline=question.deadline,
                waiting_rate=self.waiting_rate,
            ),
        )
        return tuple(offers[each.offer_id] for each in turn.start), turn.look_at

    def told(self, attempts: Sequence[Attempt], now: datetime) -> None:
        if self.learns:
            self.experience = learn(self.experience, attempts, now)


@dataclass
class FixedByOdds(ByOdds):
    """A fixed race of those that our own history likes best: what choosing alone is worth."""

    width: int = MOST_AT_ONCE

    def turn(self, question: Question) -> tuple[tuple[Offer, ...], datetime]:
        if question.racing:
            return (), question.deadline
        odds = oddsmaker(self.experience, question.now)

        def likely(offer: Offer) -> tuple[float, int]:
            subject = subject_of_offer(offer, question.image)
            return -odds.odds(subject).ready_within(120.0), offer.gpu_rate

        ranked = sorted(question.open_offers, key=likely)
        hosts = {each.host_id: each for each in reversed(ranked)}
        chosen = [each for each in ranked if hosts[each.host_id] is each]
        return tuple(chosen[: self.width]), question.deadline

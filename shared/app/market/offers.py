"""What can be rented now."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from shared.app.history.regard import regard_of
from shared.app.market.experience import experience_of
from shared.app.market.offers_cache import KeptOffers, OfferKey
from shared.domain.errors import OfferGone, ProviderError
from shared.domain.frozen import dataclass
from shared.domain.history.regard import Regard
from shared.domain.market.filtering import ANYTHING, hidden_by_default, matching
from shared.domain.market.gpu_names import canonical
from shared.domain.market.offers import MachineType, Offer, OfferFilter
from shared.domain.market.ranking import RankedOffer, rank
from shared.domain.racing.odds import Oddsmaker, oddsmaker
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import UserId
    from shared.ports.marketplace import Marketplace

# A market that is no larger is read whole and filtered here, so that all callers share one read
# and the marketplace's ten searches a minute are enough.
MOST_OFFERS = 1000
TRUNCATED = "truncated"  # the code of the warning that it was larger


@dataclass(frozen=True, slots=True)
class Warned:
    """A provider of which less is known than was asked, and why, for a person to read."""

    provider: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class OfferBook:
    """What matched, in the order asked for; `as_of` is that of the oldest part.

    `matched` counts what matched before the limit. `hidden_by_default` counts what only the
    conditions that stand at their defaults keep out; that blacklisted machines are hidden is one
    of these. `regard` is what the caller knows of the machines, `odds` what everybody's launches
    say of the next one.
    """

    offers: tuple[RankedOffer, ...]
    matched: int
    as_of: datetime
    warnings: tuple[Warned, ...]
    hidden_by_default: int
    regard: Regard
    odds: Oddsmaker


def search_offers(
    services: Services,
    wanted: OfferFilter,
    owner: UserId | None = None,
    *,
    include_blacklisted: bool = False,
) -> OfferBook:
    """The offers of every configured provider. One that fails is a warning, the others answer.

    `owner` is who asks; None is somebody without a login, for whom only the shared scores count.
    Raises Invalid for a region that we do not know.
    """
    known, as_of, warnings = _market(services, wanted)
    regard = regard_of(services, owner)
    all_fitting = matching(known, wanted)
    fitting = all_fitting if include_blacklisted else regard.allowed(all_fitting)
    ranked = rank(fitting, wanted.order_by, wanted.min_disk_gb, regard.reliability)
    return OfferBook(
        offers=ranked[: wanted.limit],
        matched=len(ranked),
        as_of=as_of,
        warnings=warnings,
        hidden_by_default=hidden_by_default(known, wanted) + len(all_fitting) - len(fitting),
        regard=regard,
        odds=oddsmaker(experience_of(services), services.clock.now()),
    )


def market_offers(services: Services, wanted: OfferFilter) -> tuple[Offer, ...]:
    """Everything on the market that `wanted` names, unfiltered: what `candidates` chooses from.

    Raises the provider's error when no provider answers.
    """
    known, _, warnings = _market(services, wanted)
    if not known and warnings:
        raise ProviderError("; ".join(each.message for each in warnings))
    return known


def find_offer(
    services: Services, offer_id: str, machine_type: MachineType = MachineType.ON_DEMAND
) -> Offer:
    """The offer as it was within the last `offers_cache_s`.

    Raises OfferGone when no provider lists it, and ProviderError when one could not be asked.
    """
    wanted = replace(ANYTHING, machine_type=machine_type)
    known, _, warnings = _market(services, wanted)
    for offer in known:
        if offer.offer_id == offer_id:
            return offer
    failed = [each for each in warnings if each.code != TRUNCATED]
    if failed:
        raise ProviderError("; ".join(each.message for each in failed))
    raise OfferGone(f"nobody offers {offer_id} any more")


def whole_market(
    services: Services, marketplace: Marketplace, machine_type: MachineType
) -> KeptOffers:
    """One provider's, at most the MOST_OFFERS cheapest. Raises ProviderError."""
    return _kept(services, marketplace, machine_type, None)


def _market(
    services: Services, wanted: OfferFilter
) -> tuple[tuple[Offer, ...], datetime, tuple[Warned, ...]]:
    found: list[Offer] = []
    moments: list[datetime] = []
    warnings: list[Warned] = []
    for marketplace in services.public_marketplaces:
        if wanted.provider not in (None, marketplace.provider):
            continue
        try:
            kept = _of_provider(services, marketplace, wanted)
        except ProviderError as error:
            warnings.append(Warned(marketplace.provider, error.code, str(error)))
            continue
        found += kept.offers
        moments.append(kept.as_of)
        if len(kept.offers) >= MOST_OFFERS:
            warnings.append(_truncated(marketplace.provider))
    as_of = min(moments, default=services.clock.now())
    return tuple(found), as_of, tuple(warnings)


def _of_provider(services: Services, marketplace: Marketplace, wanted: OfferFilter) -> KeptOffers:
    """The whole market where it can be read whole, else that of the GPU."""
    kept = whole_market(services, marketplace, wanted.machine_type)
    if wanted.gpu_name is None or len(kept.offers) < MOST_OFFERS:
        return kept
    return _kept(services, marketplace, wanted.machine_type, wanted.gpu_name)


def _kept(
    services: Services, marketplace: Marketplace, machine_type: MachineType, gpu_name: str | None
) -> KeptOffers:
    asked = replace(ANYTHING, machine_type=machine_type, gpu_name=gpu_name, limit=MOST_OFFERS)
    name = None if gpu_name is None else canonical(gpu_name)
    key = OfferKey(marketplace.provider, machine_type, name)
    return services.offers_cache.get(key, lambda: marketplace.search(asked))


def _truncated(provider: str) -> Warned:
    return Warned(
        provider,
        TRUNCATED,
        f"only the {MOST_OFFERS} cheapest offers of {provider} were read; name a GPU to see more",
    )

"""Put rentals on the books: intent, reservation and parent in one commit (rule 4)."""

from __future__ import annotations

from datetime import timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING

from shared.app.budgets.obey import given_up
from shared.app.budgets.reserve import reserve
from shared.app.collections import RENTALS
from shared.app.instances.enter import give_up
from shared.app.instances.save import note, save
from shared.app.market.choose import choose
from shared.domain.accounts import account_id_of
from shared.domain.billing.budget import reservation, within
from shared.domain.errors import BudgetExceeded, OfferGone, ProviderError
from shared.domain.history.book import machine_key
from shared.domain.ids import RentalId
from shared.domain.instances.steps import GiveUp
from shared.domain.racing.odds import READY_WITHIN_S
from shared.domain.racing.stakes import purse_too_small
from shared.domain.rentals.labels import label_of
from shared.domain.rentals.model import Rental, RentalState, Terms
from shared.domain.replacing import replace
from shared.domain.serverless.bids import bid_for
from shared.ports.store import Add, Write

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.instances.scene import Loaded
    from shared.app.market.choose import Chosen
    from shared.app.services import Services
    from shared.domain.instances.model import Instance
    from shared.domain.instances.steps import RentMore
    from shared.domain.market.offers import Offer

SEARCH_AGAIN_S = 15


def rent_more(services: Services, loaded: Loaded, step: RentMore) -> None:
    """Choose offers, then record what will be rented. Nothing is spent here."""
    try:
        _choose_and_record(services, loaded, step.width)
    except OfferGone as error:
        # Whoever took the order had read the market earlier. Nothing else is rented instead.
        give_up(services, loaded, GiveUp(f"the offer that was named is gone: {error}"))
    except ProviderError as error:
        _search_later(services, loaded, f"the offers cannot be read: {error}")
    except BudgetExceeded as error:
        if loaded.scene().racers():
            _search_later(services, loaded, str(error))
            return
        stopped, orders = given_up(services, loaded, error)
        save(services, orders.loaded, stopped, orders.writes)


def _choose_and_record(services: Services, loaded: Loaded, most: int) -> None:
    chosen = choose(services, loaded.scene(), most)
    if chosen.offers:
        _record(services, loaded, chosen)
    elif loaded.scene().racers():
        _look_later(services, loaded, chosen.look_at)
    else:
        _search_later(services, loaded, "no offer fits what is wanted")


def _record(services: Services, loaded: Loaded, chosen: Chosen) -> None:
    instance = loaded.instance.value
    intents = tuple(_intent(services, instance, offer) for offer in chosen.offers)
    reserved = reserve(services, instance, _within_race(instance, intents))
    writes: list[Write] = [*reserved.writes]
    for rental, odds in zip_longest(reserved.rentals, chosen.odds[: len(reserved.rentals)]):
        what = _described(rental.terms, odds)
        writes.append(Add(RENTALS, rental.id, rental))
        writes.append(note(services, instance, "rental.intent", what, rental.id))
    grown = replace(
        instance,
        rentals=(*instance.rentals, *(each.id for each in reserved.rentals)),
        attempts=instance.attempts + len(reserved.rentals),
        budget_at=reserved.again_at,
        race_look_at=chosen.look_at,
        tried=(
            *instance.tried,
            *(machine_key(r.terms.provider, r.terms.machine_id) for r in reserved.rentals),
        ),
        race_promised=instance.race_promised
        + sum(reservation(each.terms.rate) for each in reserved.rentals),
    )
    save(services, loaded, grown, writes)


def _described(terms: Terms, odds: float | None) -> str:
    """What was chosen, and by which odds; None where none were asked."""
    likely = "" if odds is None else f"; odds {odds:.0%} for ready within {READY_WITHIN_S:.0f} s"
    what = f"{terms.num_gpus} x {terms.gpu_name} at ${terms.rate / 1_000_000:.3f}/h"
    return f"machine {terms.machine_id}, {what}{likely}"


def _within_race(instance: Instance, chosen: tuple[Rental, ...]) -> tuple[Rental, ...]:
    """Those of the chosen that the race's money still covers. Raises BudgetExceeded for none."""
    amounts = tuple(reservation(each.terms.rate) for each in chosen)
    cap = instance.race.max_micro_usd
    covered = chosen[: within(amounts, instance.race_promised, cap)]
    if cap is not None and not covered:
        raise purse_too_small(cap, instance.race_promised, min(amounts))
    return covered


def _intent(services: Services, instance: Instance, offer: Offer) -> Rental:
    now = services.clock.now()
    rental_id = RentalId(services.ids.new("rent"))
    key = services.secrets.signing_keys("label")[0]
    bid = bid_for(instance, offer)
    gpu_rate = bid if bid is not None else offer.gpu_rate
    terms = Terms(
        provider=offer.provider,
        offer_id=offer.offer_id,
        machine_id=offer.machine_id,
        gpu_name=offer.gpu_name,
        num_gpus=offer.num_gpus,
        gpu_ram_mb=offer.gpu_ram_mb,
        geolocation=offer.geolocation,
        gpu_rate=gpu_rate,
        storage_rate=offer.storage_rate(instance.spec.disk_gb),
        download_price=offer.download_micro_usd_per_gb,
        upload_price=offer.upload_micro_usd_per_gb,
        bid=bid,
        host_id=offer.host_id,
        download_mbps=offer.inet_down_mbps,
        reliability=offer.reliability,
        verified=offer.verified,
    )
    return Rental(
        id=rental_id,
        owner=instance.owner,
        account_id=account_id_of(instance.owner, offer.provider),
        instance_id=instance.id,
        epoch=instance.epoch,
        terms=terms,
        label=label_of(services.settings.deployment_id, rental_id, key.secret),
        state=RentalState.INTENT,
        state_since=now,
        reason="chosen",
        created_at=now,
        reserved=0,
    )


def _look_later(services: Services, loaded: Loaded, look_at: datetime | None) -> None:
    """The race goes on as it is; nobody has to be told."""
    later = look_at or services.clock.now() + timedelta(seconds=SEARCH_AGAIN_S)
    save(services, loaded, replace(loaded.instance.value, race_look_at=later))


def _search_later(services: Services, loaded: Loaded, reason: str) -> None:
    """Nothing to rent now: say so once, look again soon, until the deadline."""
    instance = loaded.instance.value
    now = services.clock.now()
    again = now + timedelta(seconds=SEARCH_AGAIN_S)
    writes = []
    if instance.state_reason != reason:
        writes.append(note(services, instance, "provisioning.waiting", reason))
    save(services, loaded, replace(instance, state_reason=reason, search_at=again), writes)

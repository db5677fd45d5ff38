"""Put rentals on the books: intent, reservation and parent in one commit (rule 4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.collections import BUDGETS, RENTALS
from shared.app.instances.save import note, save
from shared.app.market.choose import choose
from shared.domain.billing.budget import Budget, month_of, reservation, within
from shared.domain.errors import BudgetExceeded, ProviderError
from shared.domain.ids import RentalId
from shared.domain.instances.transitions import gave_up
from shared.domain.rentals.labels import label_of
from shared.domain.rentals.model import Rental, RentalState, Terms
from shared.ports.store import Add, Save, Write

if TYPE_CHECKING:
    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.instances.model import Instance
    from shared.domain.instances.steps import RentMore
    from shared.domain.market.offers import Offer

SEARCH_AGAIN_S = 15


def rent_more(services: Services, loaded: Loaded, step: RentMore) -> None:
    """Choose offers, then record what will be rented. Nothing is spent here."""
    instance = loaded.instance.value
    try:
        tried = [each.value.terms.machine_id for each in loaded.rentals]
        offers = choose(services, instance, step.width, tried)
    except ProviderError as error:
        _search_later(services, loaded, f"the offers cannot be read: {error}")
        return
    if not offers:
        _search_later(services, loaded, "no offer fits what is wanted")
        return
    try:
        _record(services, loaded, offers)
    except BudgetExceeded as error:
        stopped = gave_up(instance, str(error), services.clock.now())
        save(services, loaded, stopped, [note(services, instance, "alarm.budget", str(error))])


def _record(services: Services, loaded: Loaded, offers: tuple[Offer, ...]) -> None:
    instance = loaded.instance.value
    chosen = tuple(_intent(services, instance, offer) for offer in offers)
    rentals = _within_race(loaded, chosen)
    writes: list[Write] = [_reserve(services, instance, rentals)]
    for rental in rentals:
        price = rental.terms.rate / 1_000_000
        what = f"{rental.terms.num_gpus} x {rental.terms.gpu_name} at ${price:.3f}/h"
        writes.append(Add(RENTALS, rental.id, rental))
        writes.append(note(services, instance, "rental.intent", what, rental.id))
    grown = replace(
        instance,
        rentals=(*instance.rentals, *(each.id for each in rentals)),
        attempts=instance.attempts + len(rentals),
    )
    save(services, loaded, grown, writes)


def _within_race(loaded: Loaded, chosen: tuple[Rental, ...]) -> tuple[Rental, ...]:
    """Those of the chosen that the race's money still covers. Raises BudgetExceeded for none."""
    instance = loaded.instance.value
    racing = [each.value for each in loaded.rentals if each.value.epoch == instance.epoch]
    promised = sum(each.reserved for each in racing)
    amounts = tuple(each.reserved for each in chosen)
    covered = chosen[: within(amounts, promised, instance.race.max_micro_usd)]
    if not covered:
        raise BudgetExceeded("the race's money budget covers none of the offers")
    return covered


def _intent(services: Services, instance: Instance, offer: Offer) -> Rental:
    now = services.clock.now()
    rental_id = RentalId(services.ids.new("rent"))
    key = services.secrets.signing_keys("label")[0]
    gpu_rate = instance.bid if instance.bid is not None else offer.gpu_rate
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
        bid=instance.bid,
    )
    return Rental(
        id=rental_id,
        owner=instance.owner,
        account_id=instance.account_id,
        instance_id=instance.id,
        epoch=instance.epoch,
        terms=terms,
        label=label_of(services.settings.deployment_id, rental_id, key.secret),
        state=RentalState.INTENT,
        state_since=now,
        reason="chosen",
        created_at=now,
        reserved=reservation(terms.rate),
    )


def _reserve(services: Services, instance: Instance, rentals: tuple[Rental, ...]) -> Write:
    """Raises BudgetExceeded; one document per user and month, so that nothing is promised twice."""
    month = month_of(rentals[0].created_at)  # the month in which `settle` looks for it
    key = f"{instance.owner}:{month}"
    stored = services.store.get(BUDGETS, key)
    budget = stored.value if stored else Budget(instance.owner, month)
    for rental in rentals:
        budget = budget.reserve(rental.id, rental.reserved)
    if stored:
        return Save(BUDGETS, key, budget, stored.version)
    return Add(BUDGETS, key, budget)


def _search_later(services: Services, loaded: Loaded, reason: str) -> None:
    """Nothing to rent now: say so once, look again soon, until the deadline."""
    instance = loaded.instance.value
    now = services.clock.now()
    again = now + timedelta(seconds=SEARCH_AGAIN_S)
    writes = []
    if instance.state_reason != reason:
        writes.append(note(services, instance, "provisioning.waiting", reason))
    save(services, loaded, replace(instance, state_reason=reason, search_at=again), writes)

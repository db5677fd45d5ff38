"""The one create call of a rental's life (rule 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.agent_wire.messages import ENV_API, ENV_TOKEN
from shared.agent_wire.onstart import onstart_line
from shared.app.accounts.returned import take_back
from shared.app.machines.bundle import bundle_source
from shared.app.machines.keys import keys_for
from shared.app.rentals.claimed import claimed
from shared.app.rentals.merge import merge
from shared.domain.errors import ProviderError, ProviderRefused, ProviderUnknown
from shared.domain.machines.tokens import bootstrap_token
from shared.domain.rentals.model import Action, Blame, Rental, RentalState
from shared.domain.rentals.told import of_create
from shared.domain.rentals.transitions import bind, no_clean_answer, release_claim
from shared.ports.marketplace import CreateOrder

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.ids import ContractId
    from shared.domain.instances.model import Instance
    from shared.domain.rentals.steps import Create
    from shared.ports.store import Stored

OUR_DOING = frozenset({"insufficient_credit", "invalid", "forbidden"})  # ProviderRefused.reason


def create(services: Services, loaded: Loaded, stored: Stored[Rental], _step: Create) -> None:
    """Claim, send once, and write down what came back; anything but a clean yes is unknown."""
    rental = stored.value
    order = _order(services, loaded.instance.value, rental)
    won = claimed(services, loaded, stored, Action.CREATE)
    if won is None:
        return
    op_id = won.op_id
    try:
        made = won.marketplace.create(order)
    except ProviderError as error:
        _unclear(services, rental, op_id, error)
    else:
        _made(services, rental, op_id, made.contract_id, made.at)
    services.offers_cache.drop(rental.terms.offer_id)


def _made(
    services: Services, rental: Rental, op_id: str, contract_id: ContractId, at: datetime
) -> None:
    now = services.clock.now()
    after = merge(
        services,
        rental.id,
        lambda fresh: release_claim(bind(fresh, contract_id, now, at), op_id),
        lambda _before, after: of_create(after),
    )
    if after and after.state is RentalState.RELEASING:
        take_back(services, after)  # so late an answer that it was held to be gone


def _unclear(services: Services, rental: Rental, op_id: str, error: ProviderError) -> None:
    """Only a listing tells what came of it: a contract that the answer names carries our label."""
    now, told, blame = services.clock.now(), str(error), _blame(error)
    if isinstance(error, ProviderRefused | ProviderUnknown) and error.contract_id:
        told = f"{told} (it named contract {error.contract_id})"
    merge(
        services,
        rental.id,
        lambda fresh: no_clean_answer(release_claim(fresh, op_id), told, now, blame),
        lambda _before, after: of_create(after),
    )


def _blame(error: ProviderError) -> Blame | None:
    """None where nothing is known: it may have taken effect."""
    if isinstance(error, ProviderUnknown):
        return None
    if isinstance(error, ProviderRefused) and error.reason not in OUR_DOING:
        return Blame.MACHINE
    return Blame.OURS


def _order(services: Services, instance: Instance, rental: Rental) -> CreateOrder:
    source = bundle_source(services)
    token = bootstrap_token(rental.id, rental.epoch, keys_for(services, "bootstrap"))
    return CreateOrder(
        offer_id=rental.terms.offer_id,
        label=rental.label,
        image=instance.spec.image,
        disk_gb=instance.spec.disk_gb,
        env={ENV_API: services.settings.agent_url, ENV_TOKEN: token},
        ports=instance.spec.ports,
        onstart=onstart_line(source.url, source.sha256, source.bearer),
        bid_micro_usd_per_hour=rental.terms.bid,
        ssh_public_key=instance.spec.ssh_public_key,
    )

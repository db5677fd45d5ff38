"""Contracts of an account that no rental explains: they cost, and sleep by nobody's policy.

Their owner is told, once of each. Nothing else is ever done about them (rule 9).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from shared.app.audit.record import entry
from shared.app.auth.collections import PROVIDER_ACCOUNTS
from shared.app.collections import RENTALS_OF_CONTRACT, TIMELINE
from shared.domain.errors import BusUnavailable, DocumentExists, StoreError
from shared.domain.events import NotificationRequested

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from shared.app.services import Services
    from shared.domain.accounts import ProviderAccount
    from shared.domain.ids import AccountId, ContractId
    from shared.domain.market.look import Look
    from shared.ports.marketplace import Contract, Listing

log = logging.getLogger(__name__)
KIND = "machine.unowned"
AT_ONCE = 20  # the others at the next listing
MOST = 200  # whoever holds more of his own knows that he does; they lie in the account's look
LONGEST_LABEL = 60


def tell_unowned(
    services: Services, look: Look, listing: Listing, ours: Collection[ContractId]
) -> tuple[ContractId, ...]:
    """All that need not be told of again: what is listed no more is forgotten, where the list is
    whole. What nobody could be told of comes up at the next one.
    """
    listed = [each for each in listing.contracts if each.id not in ours]
    known = set(look.unowned)
    if listing.complete:
        known &= {each.id for each in listed}
    room = min(AT_ONCE, MOST - len(known))
    fresh = [each for each in listed if each.id not in known][: max(0, room)]
    if fresh and _told(services, look.account_id, fresh):
        known |= {each.id for each in fresh}
    return tuple(sorted(known))


def _told(services: Services, account_id: AccountId, fresh: Sequence[Contract]) -> bool:
    try:
        account = services.store.get(PROVIDER_ACCOUNTS, account_id)
        news = _unexplained(services, account_id, fresh)
        if account and news:
            _tell(services, account.value, news)
    except DocumentExists:
        return True  # by another pass
    except (StoreError, BusUnavailable) as error:
        log.warning("the owner of %s is told of its own machines later: %s", account_id, error)
        return False
    return True


def _unexplained(
    services: Services, account_id: AccountId, fresh: Sequence[Contract]
) -> list[Contract]:
    """Neither told of before nor bound by a rental, whatever label it shows."""
    told = services.store.get_each(TIMELINE, [f"evt_{_key(account_id, each)}" for each in fresh])
    return [
        each
        for each, known in zip(fresh, told, strict=True)
        if known is None and not _is_bound(services, account_id, each.id)
    ]


def _is_bound(services: Services, account_id: AccountId, contract_id: ContractId) -> bool:
    values = {"account_id": account_id, "contract_id": contract_id}
    page = services.store.find(RENTALS_OF_CONTRACT, values, limit=1)
    return bool(page.items or page.unread)


def _tell(services: Services, account: ProviderAccount, news: Sequence[Contract]) -> None:
    """Published before it is written down, so that a crash tells it again under the same id rather
    than never.
    """
    many = f"{len(news)} machines" if len(news) > 1 else "a machine"
    said = (
        f"your account at {account.provider} pays for {many} that no instance explains: "
        f"{'; '.join(_named(each) for each in news)}. Nothing is done about what is not ours"
    )
    request_id = f"unowned_{account.id}_{news[0].id}"[:128]
    services.bus.publish([NotificationRequested(request_id, account.owner, None, KIND, said)])
    services.store.commit(
        [
            entry(
                services,
                account.owner,
                KIND,
                f"no instance explains {_named(each)} at {account.provider}: it is left alone",
                target=each.id,
                key=_key(account.id, each),
            )
            for each in news
        ]
    )


def _named(contract: Contract) -> str:
    label = f"{contract.label[:LONGEST_LABEL]!r}" if contract.label else "none"
    return f"contract {contract.id} (label: {label})"


def _key(account_id: AccountId, contract: Contract) -> str:
    return f"unowned_{account_id}_{contract.id}"

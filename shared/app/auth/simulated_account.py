"""A new user gets an account with credit at every marketplace that is simulated."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from shared.app.auth.collections import PROVIDER_ACCOUNTS
from shared.domain.accounts import ProviderAccount, account_id_of
from shared.domain.errors import DocumentExists, ProviderError

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import UserId
    from shared.ports.marketplace import MarketplaceSignup

_LOG = logging.getLogger(__name__)


def open_if_missing(services: Services, owner: UserId) -> None:
    """Open the owner's accounts and keep their keys sealed; nothing where all are real.

    A marketplace that fails is left for the next login. Stopped before the key was kept, the
    next try opens another: what was lost is play money.
    """
    for signup in services.signups:
        _open_if_missing(services, owner, signup)


def _open_if_missing(services: Services, owner: UserId, signup: MarketplaceSignup) -> None:
    account_id = account_id_of(owner, signup.provider)
    if services.store.get(PROVIDER_ACCOUNTS, account_id) is not None:
        return
    try:
        key = signup.open_account(owner)
    except ProviderError as error:
        _LOG.warning("no simulated account for %s at %s yet: %s", owner, signup.provider, error)
        return
    now = services.clock.now()
    sealed = services.secrets.seal(key, account_id)
    account = ProviderAccount(account_id, owner, signup.provider, sealed, now, accepted_at=now)
    try:
        services.store.add(PROVIDER_ACCOUNTS, account_id, account)
    except DocumentExists:
        return  # a login at the same moment was faster

"""A new user of a simulated marketplace gets an account with credit there."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from shared.app.auth.collections import PROVIDER_ACCOUNTS
from shared.domain.accounts import ProviderAccount, account_id_of
from shared.domain.errors import DocumentExists, ProviderError

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import UserId

PROVIDER = "vast"  # the marketplace that is simulated
_LOG = logging.getLogger(__name__)


def open_if_missing(services: Services, owner: UserId) -> None:
    """Open the owner's account and keep its key sealed; nothing where signup does not exist.

    A marketplace that fails is left for the next login. Stopped before the key was kept, the
    next try opens another: what was lost is play money.
    """
    if services.signup is None:
        return
    account_id = account_id_of(owner, PROVIDER)
    if services.store.get(PROVIDER_ACCOUNTS, account_id) is not None:
        return
    try:
        key = services.signup.open_account(owner)
    except ProviderError as error:
        _LOG.warning("no simulated account for %s yet: %s", owner, error)
        return
    now = services.clock.now()
    sealed = services.secrets.seal(key, account_id)
    account = ProviderAccount(account_id, owner, PROVIDER, sealed, now, accepted_at=now)
    try:
        services.store.add(PROVIDER_ACCOUNTS, account_id, account)
    except DocumentExists:
        return  # a login at the same moment was faster

"""Accounts and keys (sections 1 and 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra.simulators.vast.model import billing
from infra.simulators.vast.model.state import Account, ApiKey

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import World

GROUPS = frozenset(
    {
        "instance_read",
        "instance_write",
        "user_read",
        "user_write",
        "billing_read",
        "billing_write",
        "machine_read",
        "machine_write",
        "misc",
        "team_read",
        "team_write",
    }
)


def open_account(
    world: World, hint: str, credit_usd: float, now: float, key: str | None = None
) -> tuple[Account, ApiKey]:
    """A funded account and its full key."""
    account = Account(
        id=world.draw_id(), email=f"{hint}@simulator.invalid", deposited=0.0, created_at=now
    )
    world.accounts[account.id] = account
    world.open_contracts[account.id] = {}
    billing.deposit(world, account, credit_usd, now)
    return account, new_key(world, account, "main", None, key)


def new_key(
    world: World, account: Account, name: str, permissions: list[str] | None, key: str | None = None
) -> ApiKey:
    made = ApiKey(
        id=world.draw_id(),
        key=key or world.draw_token(),
        account_id=account.id,
        name=name,
        permissions=permissions,
    )
    world.keys[made.key] = made
    world.changes += 1
    return made


def read_permissions(wanted: object) -> list[str] | None:
    """Groups out of the permission tree `{"api": {"instance_read": {}}}`; None means all."""
    tree = wanted.get("api", wanted) if isinstance(wanted, Mapping) else wanted
    if not tree:
        return None
    return [str(group) for group in tree] if isinstance(tree, Mapping | list) else []


def may(key: ApiKey, group: str) -> bool:
    """Does the key reach this permission group? Per-instance keys are judged by the caller."""
    return key.permissions is None or group in key.permissions

"""A user's money at the providers: theirs only, and what is not known is not zero."""

from __future__ import annotations

from datetime import timedelta

from shared.app.auth.collections import PROVIDER_ACCOUNTS
from shared.app.market.balances import balances
from shared.domain.accounts import ProviderAccount
from shared.domain.errors import ProviderCannot, ProviderKeyRejected, ProviderUnknown
from shared.domain.ids import AccountId, ContractId, UserId
from shared.domain.principals import Principal, Scope
from shared.ports.marketplace import Charge, ChargeKind
from tests.fakes.clock import START
from tests.unit.market.world import FakeMarketplace, World

ADA = Principal(UserId("user_ada"), frozenset({Scope.READ}))
MIDNIGHT = START.replace(hour=0, minute=0, second=0, microsecond=0)


def account(world: World, owner: str, provider: str) -> None:
    account_id = AccountId(f"acct_{owner}_{provider}")
    world.store.add(
        PROVIDER_ACCOUNTS,
        account_id,
        ProviderAccount(account_id, UserId(owner), provider, "sealed", START),
    )


def charge(amount: int, from_h: float, to_h: float) -> Charge:
    start, end = (MIDNIGHT + timedelta(hours=each) for each in (from_h, to_h))
    return Charge(ContractId("1"), ChargeKind.GPU, amount, start, end)


def test_each_of_the_callers_accounts_shows_credit_and_what_was_spent() -> None:
    bill = (charge(500, -60, -48), charge(100, -10, -5), charge(90, -2, 1), charge(7, 1, 2))
    world = World([], by_provider={"vast": FakeMarketplace(credit=12_000_000, bill=bill)})
    account(world, "user_ada", "vast")
    account(world, "user_bob", "vast")

    found = balances(world.services, ADA)

    (balance,) = found.balances
    assert (balance.provider, balance.account_id) == ("vast", "acct_user_ada_vast")
    assert (balance.credit, balance.spent_today, balance.spent_this_month) == (12_000_000, 37, 197)
    assert found.warnings == ()
    assert found.as_of == START


def test_a_provider_that_fails_is_named_and_the_others_answer() -> None:
    world = World(
        [],
        by_provider={
            "vast": FakeMarketplace(failure=ProviderKeyRejected("no such key")),
            "tensordock": FakeMarketplace(credit=5),
        },
    )
    account(world, "user_ada", "vast")
    account(world, "user_ada", "tensordock")

    found = balances(world.services, ADA)

    assert [each.provider for each in found.balances] == ["tensordock"]
    assert [(each.provider, each.code) for each in found.warnings] == [
        ("vast", "provider_key_rejected")
    ]


def test_without_a_bill_the_credit_is_still_shown_and_nothing_is_called_zero() -> None:
    market = FakeMarketplace(credit=5, bill=ProviderUnknown("cut"))
    world = World([], by_provider={"vast": market})
    account(world, "user_ada", "vast")

    found = balances(world.services, ADA)

    (balance,) = found.balances
    assert (balance.credit, balance.spent_today, balance.spent_this_month) == (5, None, None)
    assert [each.code for each in found.warnings] == ["provider_unknown"]


def test_what_a_provider_does_not_tell_is_unknown_and_said_so() -> None:
    silent = ProviderCannot("it does not say")
    market = FakeMarketplace(credit=silent, bill=silent)
    world = World([], by_provider={"tensordock": market})
    account(world, "user_ada", "tensordock")

    found = balances(world.services, ADA)

    (balance,) = found.balances
    assert (balance.credit, balance.spent_today, balance.spent_this_month) == (None, None, None)
    assert [each.code for each in found.warnings] == ["provider_cannot"] * 2


def test_who_has_no_account_has_no_balance() -> None:
    found = balances(World([]).services, ADA)

    assert (found.balances, found.warnings) == ((), ())

"""GET /api/instances/offers and /balance, as the instances function answers them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from shared import bootstrap
from shared.app.auth.collections import PROVIDER_ACCOUNTS
from shared.app.market.offers_cache import OfferCache
from shared.domain.accounts import ProviderAccount
from shared.domain.errors import ProviderUnknown
from shared.domain.ids import AccountId, UserId
from shared.domain.principals import Scope
from tests.fakes.clock import START
from tests.functions.conftest import Deployment
from tests.unit.edge.kit import key_of, problem
from tests.unit.market.world import FakeMarketplace, an_offer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from tests.functions.conftest import Serve

OFFERS = "/api/instances/offers"
BALANCE = "/api/instances/balance"


class MarketDeployment(Deployment):
    """A deployment with one provider that sells two offers."""

    @cached_property
    def vast(self) -> FakeMarketplace:
        return FakeMarketplace([an_offer("1"), an_offer("2", gpu_name="H200", gpu_rate=9_000_000)])

    @property
    def public_marketplaces(self) -> tuple[Any, ...]:
        return (self.vast,)

    @cached_property
    def offers_cache(self) -> OfferCache:
        return OfferCache(self.clock, self.settings.offers_cache_s)

    def marketplace(self, account: ProviderAccount) -> Any:
        return self.vast


@pytest.fixture
def services(tmp_path: Path) -> Iterator[MarketDeployment]:
    made = MarketDeployment()
    made.folder = tmp_path
    bootstrap.use(made)
    yield made
    bootstrap.use(None)


@pytest.fixture
def client(serve: Serve) -> FlaskClient:
    return serve("instances")


@pytest.mark.parametrize("path", [OFFERS, "/api/v1/instances/offers"])
def test_offers_are_for_everybody(client: FlaskClient, path: str) -> None:
    answer = client.get(path)

    body = answer.get_json()
    assert answer.status_code == 200
    assert [item["offer_id"] for item in body["items"]] == ["1", "2"]
    assert (body["count"], body["next_page_token"], body["warnings"]) == (2, None, [])
    assert body["filters_applied"]["min_disk_gb"] == 50
    assert body["items"][0]["price"]["total_usd_per_hour"] == 0.4


def test_parameters_and_their_alias_are_understood(client: FlaskClient) -> None:
    query = "?gpu_name=rtx_4090&num_gpus=0&max_price=0.45&region=eu&pricing_type=on-demand"

    body = client.get(OFFERS + query).get_json()

    assert [item["gpu_name"] for item in body["items"]] == ["RTX 4090"]
    assert body["filters_applied"]["machine_type"] == "on-demand"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("?max_price=-1", "max_price"),
        ("?num_gpus=many", "num_gpus"),
        ("?region=Mars!", "region"),
        ("?machine_type=spot", "machine_type"),
        ("?color=red", "color"),
        ("?num_gpus=1&num_gpus=2", "num_gpus"),
    ],
)
def test_a_parameter_that_is_not_valid_is_pointed_at(
    client: FlaskClient, query: str, parameter: str
) -> None:
    told = problem(client.get(OFFERS + query))

    assert told["status"] == 422
    assert [error["pointer"] for error in told["errors"]] == [f"/query/{parameter}"]


def test_a_provider_that_fails_is_a_warning_and_not_an_error(
    client: FlaskClient, services: MarketDeployment
) -> None:
    services.vast.failure = ProviderUnknown("no answer")

    answer = client.get(OFFERS)

    assert answer.status_code == 200
    assert answer.get_json()["items"] == []
    assert answer.get_json()["warnings"] == [
        {"provider": "vast", "code": "provider_unknown", "message": "no answer"}
    ]


def test_a_balance_is_only_for_who_is_known(client: FlaskClient) -> None:
    assert problem(client.get(BALANCE))["status"] == 401


def test_a_balance_is_that_of_the_caller(client: FlaskClient, services: MarketDeployment) -> None:
    for owner in ("user_ada", "user_bob"):
        account = ProviderAccount(AccountId(f"acct_{owner}"), UserId(owner), "vast", "", START)
        services.store.add(PROVIDER_ACCOUNTS, account.id, account)

    answer = client.get(BALANCE, headers=key_of(services, "ada", Scope.READ))

    assert answer.get_json()["items"] == [
        {
            "provider": "vast",
            "account_id": "acct_user_ada",
            "credit_usd": 25.0,
            "spent_today_usd": 0.0,
            "spent_this_month_usd": 0.0,
        }
    ]

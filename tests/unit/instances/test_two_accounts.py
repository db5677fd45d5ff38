"""A new instance and its owner's accounts: the first that may pay for it is enough."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.app.instances.create import create_instance
from shared.domain.accounts import account_id_of
from shared.domain.errors import Conflicting, InsufficientFunds, ProviderUnknown
from shared.domain.ids import UserId
from tests.fakes.marketplace import Fault
from tests.fakes.reticent import ReticentMarketplace
from tests.orchestration.cloud import OWNER, Cloud
from tests.orchestration.orders import new_instance


def cloud_with_both() -> Cloud:
    cloud = Cloud()
    cloud.open_market(ReticentMarketplace(cloud.clock, (), first_id=5001))
    return cloud


def test_the_account_whose_provider_tells_enough_credit_is_taken() -> None:
    cloud = cloud_with_both()

    instance, _ = create_instance(cloud.services, OWNER, new_instance())

    assert instance.account_id == account_id_of(OWNER, "vast")


@pytest.mark.parametrize("trouble", ["poor", "away"])
def test_a_provider_that_has_no_credit_or_no_answer_leaves_it_to_the_other(trouble: str) -> None:
    cloud = cloud_with_both()
    if trouble == "poor":
        cloud.market.credit = 0
    else:
        cloud.market.faults["credit"].append(Fault.BEFORE)

    instance, _ = create_instance(cloud.services, OWNER, new_instance())

    assert instance.account_id == account_id_of(OWNER, "tensordock")


def test_who_has_one_account_hears_what_is_wrong_with_it() -> None:
    poor, away = Cloud(), Cloud()
    poor.market.credit = 0
    away.market.faults["credit"].append(Fault.BEFORE)

    with pytest.raises(InsufficientFunds, match=r"vast has \$0.00"):
        create_instance(poor.services, OWNER, new_instance())
    with pytest.raises(ProviderUnknown):
        create_instance(away.services, OWNER, new_instance())


def test_without_a_key_for_the_provider_that_was_named_nothing_is_made() -> None:
    cloud = Cloud()
    asked = new_instance()
    named = replace(asked, want=replace(asked.want, provider="tensordock"))

    with pytest.raises(Conflicting, match="no key for tensordock"):
        create_instance(cloud.services, OWNER, named)
    with pytest.raises(Conflicting, match="no key for any provider"):
        create_instance(cloud.services, UserId("user_nobody"), asked)

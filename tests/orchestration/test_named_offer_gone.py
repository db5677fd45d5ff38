"""Two read the market at different moments: one takes an order, the other finds the offer gone."""

from __future__ import annotations

from dataclasses import replace

from shared.app.collections import OPERATIONS
from shared.app.instances.create import create_instance
from shared.domain.instances.model import InstanceState
from shared.domain.operations import OperationState
from tests.orchestration.cloud import OWNER, Cloud
from tests.orchestration.orders import new_instance


def test_an_order_for_an_offer_that_is_gone_meanwhile_fails_at_once_and_rents_nothing() -> None:
    cloud = Cloud()
    order = replace(new_instance(1), offer_id="3")
    instance, operation = create_instance(cloud.services, OWNER, order)
    cloud.services.offers_cache.drop("3")

    cloud.run(10)

    ended = cloud.services.store.get(OPERATIONS, operation.id)
    failed = cloud.instance(instance.id)
    assert failed.state is InstanceState.FAILED
    assert ended is not None
    assert ended.value.state is OperationState.FAILED
    assert "the offer that was named is gone" in failed.state_reason
    assert cloud.market.creates == []

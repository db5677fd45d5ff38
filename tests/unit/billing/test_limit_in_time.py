"""A limit that is set counts at once, also for whoever has just read the ones before."""

from __future__ import annotations

from shared.app.budgets.change import set_user_limit
from shared.domain.billing.limits import Limit, Period
from shared.domain.instances.model import InstanceState
from tests.orchestration.cloud import OWNER, Cloud, Process
from tests.orchestration.fate import CrashAt
from tests.orchestration.orders import create


class LimitMeanwhile(CrashAt):
    """The owner forbids all spending right before the next save of somebody else."""

    def __init__(self) -> None:
        super().__init__(None)
        self.cloud: Cloud | None = None
        self.has_struck = False

    def before(self, call: str) -> None:
        if self.cloud and call == "store.write":
            calm, self.cloud = Process(self.cloud, CrashAt(None)), None
            self.has_struck = True
            set_user_limit(calm, OWNER, Period.MONTHLY, Limit(0))


def test_nothing_is_begun_beyond_a_limit_that_was_set_before_its_save() -> None:
    fate = LimitMeanwhile()
    cloud = Cloud(fate)
    instance_id = create(cloud, width=1)
    fate.cloud = cloud

    cloud.run(120)

    assert fate.has_struck
    assert not cloud.market.contracts
    assert cloud.instance(instance_id).state is InstanceState.FAILED

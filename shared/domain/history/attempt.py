"""One launch on one machine, and how far it came: what machine history is made of."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from shared.domain.frozen import dataclass
from shared.domain.ids import InstanceId, RentalId, UserId


class Outcome(StrEnum):
    READY = "ready"  # its agent said hello in time
    FAILED = "failed"  # the machine's or the provider's doing
    WITHDRAWN = "withdrawn"  # ours: the race was lost, the order taken back; says nothing of it


class Stage(StrEnum):
    """How far it came, in this order."""

    CREATING = "creating"  # the create call was refused, or no contract came of it
    LOADING = "loading"  # a contract, whose container did not run
    BOOTING = "booting"  # a container, whose agent did not speak
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Attempt:
    """`seconds` run from the create order to `ended_at`: hello, the failure or the withdrawal.

    Written once, under the rental's id. Only a loss is added to it: `lost_at` is when its live
    machine was given up as lost. `told_at` is when this record last changed.
    """

    rental_id: RentalId
    owner: UserId
    instance_id: InstanceId
    provider: str
    machine_id: str
    gpu_name: str
    num_gpus: int
    geolocation: str | None
    download_mbps: float | None  # as the offer promised
    image: str
    began_at: datetime
    ended_at: datetime
    seconds: float
    stage: Stage
    outcome: Outcome
    reason: str
    told_at: datetime
    expires_at: datetime
    reliability: float | None = None  # 0 to 1, as the provider gave it
    verified: bool | None = None
    lost_at: datetime | None = None
    lost_reason: str = ""

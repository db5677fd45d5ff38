"""What an instance that is serverless says of itself."""

from __future__ import annotations

from pydantic import AwareDatetime

from frontend.client.models.base import Answer
from frontend.client.models.operations import Operation


class WakeTimes(Answer):
    """Of your own wakes; None where there were too few."""

    n: int
    p50_s: float | None = None
    p90_s: float | None = None
    insufficient_data: bool = True


class Mode(Answer):
    mode: str
    sleeps: str
    wakes: str
    limits: str = ""
    wake_times: WakeTimes | None = None


class Modes(Answer):
    modes: tuple[Mode, ...]


class Rules(Answer):
    """`idle_timeout_seconds` is a number or `adaptive`."""

    mode: str
    idle_timeout_seconds: float | str
    gpu_threshold: float | None = None


class Serverless(Answer):
    """`serverless` None: it is off."""

    instance_id: str
    label: str = ""
    state: str
    ready: bool
    stands_by: bool = False
    serverless: Rules | None = None
    open_leases: int = 0
    wakes_by: str | None = None
    wake_times: WakeTimes | None = None
    operation: Operation | None = None


class Woken(Answer):
    """`eta_s` None: not known."""

    instance_id: str
    ready: bool
    state: str
    phase: str = ""
    eta_s: float | None = None
    operation: Operation | None = None


class Inference(Woken):
    lease_id: str
    expires_at: AwareDatetime


class Monthly(Answer):
    """USD; None where no such machine is on the market."""

    gpu_name: str | None = None
    price_usd_per_hour: float | None = None
    total_usd: float | None = None
    saved_usd: float | None = None


class Pricing(Answer):
    always_on: Monthly
    modes: dict[str, Monthly]
    source: str = ""

"""What the demo found, as its last line says it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field


@dataclass
class RaceResult:
    """`width` is what was asked for; `rented` what the provider recorded until one was ready."""

    width: int = 0
    rented: int | None = None
    won_by: str | None = None
    ready_s: float | None = None
    losers_released: int | None = None


@dataclass
class Result:
    """Filled step by step; None is what was not reached. Times are seconds of real time.

    `first_command_s` counts from the order to the answer of the first command over SSH,
    `wake_s` from the wake call to the running instance, files included.
    """

    ok: bool = False
    offers: int | None = None
    speed: float | None = None
    race: RaceResult = field(default_factory=RaceResult)
    gpu: str | None = None
    first_command_s: float | None = None
    busy_gpu_percent: float | None = None
    files: int | None = None
    files_identical: bool | None = None
    differences: list[str] = field(default_factory=list)
    snapshot_bytes: int | None = None
    machines: list[str] = field(default_factory=list)
    sleep_s: float | None = None
    wake_s: float | None = None
    pause_s: float | None = None
    resume_s: float | None = None
    destroy_s: float | None = None
    phases: dict[str, float] = field(default_factory=dict)
    ledger_usd: float | None = None
    provider_usd: float | None = None
    uncertainty_usd: float | None = None
    lines: int | None = None
    lines_equal: bool | None = None
    leaked: int | None = None
    seconds: float | None = None
    failed: str | None = None

    def as_json(self) -> dict[str, object]:
        return asdict(self)

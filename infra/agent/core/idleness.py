"""Is the machine idle? GPU, CPU and network quiet, nobody logged in and no notebook kernel busy,
for the whole window.

A reading that is missing makes the verdict unknown and the window start anew: not knowing is
never idleness. So does a gap between samples, because nobody saw what happened in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.agent_wire.messages import BUSY, IDLE, UNKNOWN, Idleness, IdlePolicy

if TYPE_CHECKING:
    from infra.agent.core.facts import Sample

LONGEST_GAP_S = 5.0
SHORTEST_REST_S = 30.0  # a model that answers breathes between two requests

NO_POLICY = IdlePolicy(
    enabled=False,
    gpu_threshold_percent=5.0,
    cpu_threshold_percent=20.0,
    network_threshold_kib_s=50.0,
    window_s=180.0,
    minimum_run_s=60.0,
)


class IdleJudge:
    """Fed with samples; `verdict(now)` is today's judgement and how long it has held."""

    def __init__(self, now: float, longest_gap_s: float = LONGEST_GAP_S) -> None:
        self._longest_gap_s = longest_gap_s
        self.policy = NO_POLICY
        self._ready_at: float | None = None
        self._quiet_since: float | None = None
        self._sampled_at: float | None = None
        self._held = UNKNOWN
        self._held_since = now
        self._reasons: tuple[str, ...] = ("not sampled yet",)
        self._rests: tuple[tuple[float, float], ...] = ()

    def set_policy(self, policy: IdlePolicy, now: float) -> None:
        """Judge by these rules from now on; quiet under looser rules does not count."""
        if policy != self.policy:
            self.policy = policy
            self._quiet_since = None
            self._hold(BUSY if self._held == IDLE else self._held, self._reasons, now)

    def workspace_ready(self, now: float) -> None:
        self._ready_at = now

    def forget(self, reason: str, now: float) -> None:
        """Nothing is known until the next whole window."""
        self._quiet_since = None
        self._hold(UNKNOWN, (reason,), now)

    def disturbed(self, reason: str, now: float) -> None:
        """Somebody works here, whatever the readings say."""
        self._quiet_since = None
        self._hold(BUSY, (reason,), now)

    def feed(self, sample: Sample, now: float) -> None:
        """Take one sample into account."""
        gap = self._sampled_at is not None and now - self._sampled_at > self._longest_gap_s
        self._sampled_at = now
        if gap:
            self._quiet_since = None
        loud = _loud(sample, self.policy)
        missing = _missing(sample)
        if loud:
            self._rested(now)
            self.disturbed_by(loud, now)
        elif missing:
            self._quiet_since = None
            self._hold(UNKNOWN, missing, now)
        else:
            self._quiet(now)

    def take_rests(self) -> tuple[tuple[float, float], ...]:
        """When each time of quiet that work ended was over, and its seconds; each is told once."""
        rests, self._rests = self._rests, ()
        return rests

    def _rested(self, now: float) -> None:
        since = self._quiet_since
        if since is not None and self._ready_at is not None and now - since >= SHORTEST_REST_S:
            self._rests = (*self._rests, (now, now - since))

    def disturbed_by(self, reasons: tuple[str, ...], now: float) -> None:
        self._quiet_since = None
        self._hold(BUSY, reasons, now)

    def held(self, now: float) -> str:
        """The word of the judgement; stale samples make it unknown by themselves."""
        if self._sampled_at is not None and now - self._sampled_at > self._longest_gap_s:
            self.forget("no fresh sample", now)
        return self._held

    def verdict(self, now: float) -> Idleness:
        """The judgement, and since when it is so and why."""
        return Idleness(self.held(now), max(0.0, now - self._held_since), self._reasons)

    def keep(self, now: float) -> None:
        """The verdict stands as it is: frozen processes would always look idle."""
        self._sampled_at = now

    def _quiet(self, now: float) -> None:
        if self._quiet_since is None:
            self._quiet_since = now
        waits = self._waits(now)
        self._hold(BUSY if waits else IDLE, waits or ("quiet for the whole window",), now)

    def _waits(self, now: float) -> tuple[str, ...]:
        quiet_since = now if self._quiet_since is None else self._quiet_since
        waits = []
        if not self.policy.enabled:
            waits.append("idle hibernation is switched off")
        if self._ready_at is None:
            waits.append("the workspace is not ready")
        elif now - self._ready_at < self.policy.minimum_run_s:
            waits.append("within the minimum run time")
        if now - quiet_since < self.policy.window_s:
            waits.append("quiet, but not yet for the whole window")
        return tuple(waits)

    def _hold(self, verdict: str, reasons: tuple[str, ...], now: float) -> None:
        if verdict != self._held:
            self._held_since = now
        self._held = verdict
        self._reasons = reasons


def _missing(sample: Sample) -> tuple[str, ...]:
    unknown = []
    if not sample.gpus or any(gpu.util_percent is None for gpu in sample.gpus):
        unknown.append("GPU load is unknown")
    if sample.cpu_percent is None:
        unknown.append("CPU load is unknown")
    if sample.network_kib_s is None:
        unknown.append("network traffic is unknown")
    if sample.ssh_sessions is None:
        unknown.append("ssh sessions are unknown")
    if sample.busy_kernels is None:
        unknown.append("a notebook server does not say what its kernels do")
    return tuple(unknown)


def _loud(sample: Sample, policy: IdlePolicy) -> tuple[str, ...]:
    loads = [gpu.util_percent for gpu in sample.gpus or () if gpu.util_percent is not None]
    reasons = []
    if loads and max(loads) >= policy.gpu_threshold_percent:
        reasons.append("the GPU works")
    if sample.cpu_percent is not None and sample.cpu_percent >= policy.cpu_threshold_percent:
        reasons.append("the CPU works")
    network = sample.network_kib_s
    if network is not None and network >= policy.network_threshold_kib_s:
        reasons.append("the network is in use")
    if sample.ssh_sessions:
        reasons.append("an ssh session is open")
    if sample.busy_kernels:
        reasons.append("a notebook kernel is busy")
    return tuple(reasons)

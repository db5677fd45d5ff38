"""Between serverless in the domain and on the wire."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from shared.contract import serverless as wire
from shared.contract.operations_mapping import operation_wire
from shared.domain.billing.money import to_usd
from shared.domain.errors import Invalid
from shared.domain.serverless.leases import open_leases
from shared.domain.serverless.model import Mode, Serverless
from shared.domain.serverless.prices import Use

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from shared.app.serverless.pricing import Prices
    from shared.app.serverless.wake import Waking
    from shared.domain.instances.model import Instance
    from shared.domain.operations import Operation
    from shared.domain.serverless.model import InferenceLease
    from shared.domain.serverless.prices import Monthly
    from shared.domain.serverless.wakes import WakeTimes

_TOLD: Mapping[Mode, tuple[str, str, str]] = {
    Mode.FAST: (
        "Snapshot and verify, then stop the machine; it is kept, and its disk is paid for.",
        "Start the same machine; where it cannot start within two minutes, the snapshot comes up "
        "on another one.",
        "No second machine is kept warm beside it.",
    ),
    Mode.ECONOMIC: (
        "Snapshot, verify, release: nothing is paid for but the snapshot.",
        "Rent any machine that fits and restore the snapshot.",
        "A wake takes as long as a machine takes to boot.",
    ),
    Mode.SPOT: (
        "As economic.",
        "As economic, on an interruptible machine: a new bid at each wake, a tenth above the "
        "offer's floor and within your highest price.",
        "While it runs a bid is not raised: outbid, it moves to another machine at a new bid, from "
        "its last snapshot. Only where a provider takes bids (vast).",
    ),
}


def rules_of(body: wire.EnableBody) -> Serverless:
    """Raises Invalid, also for a `keep_warm` that the mode does not keep."""
    fast = body.mode is Mode.FAST
    if body.keep_warm is not None and body.keep_warm is not fast:
        told = "fast keeps its machine" if fast else f"{body.mode.value} releases its machine"
        raise Invalid(f"{told}: keep_warm goes with mode fast, and with no other", "/keep_warm")
    timeout = body.idle_timeout_seconds
    return Serverless(body.mode, None if timeout == "adaptive" else timeout, body.gpu_threshold)


def modes_answer(
    times: Mapping[Mode, WakeTimes] | None, instances: Iterable[Instance] | None
) -> wire.ServerlessStatusAnswer:
    """None for a caller without a login."""
    yours = None
    if instances is not None:
        enabled = [(each, each.serverless) for each in instances if each.serverless]
        yours = wire.OwnServerlessWire(
            enabled=len(enabled),
            states=dict(Counter(each.state.value for each, _ in enabled)),
            by_mode=dict(Counter(rules.mode.value for _, rules in enabled)),
        )
    modes = tuple(
        wire.ModeWire(
            mode=mode,
            sleeps=_TOLD[mode][0],
            wakes=_TOLD[mode][1],
            limits=_TOLD[mode][2],
            wake_times=times_wire(times[mode]) if times is not None else None,
        )
        for mode in Mode
    )
    return wire.ServerlessStatusAnswer(modes=modes, yours=yours)


def times_wire(times: WakeTimes) -> wire.WakeTimesWire:
    return wire.WakeTimesWire(
        n=times.n,
        p50_s=times.p50_s,
        p90_s=times.p90_s,
        insufficient_data=not times.enough,
        phases_p50_s=dict(times.phases),
    )


def serverless_wire(instance: Instance, *, ready: bool, now: datetime) -> wire.ServerlessWire:
    return wire.ServerlessWire.model_validate(_plain(instance, ready=ready, now=now))


def detail_answer(waking: Waking, now: datetime) -> wire.ServerlessDetailAnswer:
    instance = waking.instance
    leases = tuple(
        wire.LeaseWire(lease_id=e.id, opened_at=e.opened_at, expires_at=e.expires_at)
        for e in open_leases(instance, now)
    )
    return wire.ServerlessDetailAnswer.model_validate(
        {
            **_plain(instance, ready=waking.ready, now=now),
            "leases": leases,
            "wakes_by": waking.mode,
            "wake_times": times_wire(waking.times) if waking.times else None,
            "operation": _operation(waking.operation),
        }
    )


def enabled_answer(waking: Waking, now: datetime) -> wire.EnabledAnswer:
    plain = _plain(waking.instance, ready=waking.ready, now=now)
    return wire.EnabledAnswer.model_validate({**plain, "operation": _operation(waking.operation)})


def wake_answer(waking: Waking) -> wire.WakeAnswer:
    return wire.WakeAnswer.model_validate(_waking(waking))


def inference_answer(waking: Waking, lease: InferenceLease) -> wire.InferenceAnswer:
    told = {"lease_id": lease.id, "expires_at": lease.expires_at}
    return wire.InferenceAnswer.model_validate({**_waking(waking), **told})


def pricing_answer(found: Prices, query: wire.PricingQuery) -> wire.PricingAnswer:
    awake = found.always_on
    return wire.PricingAnswer(
        as_of=found.as_of,
        offers=found.offers,
        source="the cheapest offer that fits, as the marketplaces list it now",
        assumed=query,
        always_on=_monthly(awake, None),
        modes={mode.value: _monthly(monthly, awake) for mode, monthly in found.modes},
        warnings=tuple(dict.fromkeys(each.message for each in found.warnings)),
    )


def use_of(query: wire.PricingQuery) -> Use:
    return Use(query.active_hours_per_day, query.wakes_per_day, query.workspace_gib, query.disk_gb)


def _plain(instance: Instance, *, ready: bool, now: datetime) -> dict[str, object]:
    rules = instance.serverless
    return {
        "instance_id": instance.id,
        "label": instance.label,
        "state": instance.state,
        "desired": instance.desired,
        "state_reason": instance.state_reason,
        "state_since": instance.state_since,
        "ready": ready,
        "stands_by": instance.rested is not None,
        "serverless": _rules(rules) if rules else None,
        "open_leases": len(open_leases(instance, now)),
    }


def _rules(rules: Serverless) -> wire.RulesWire:
    timeout_s = rules.idle_timeout_s
    return wire.RulesWire(
        mode=rules.mode,
        idle_timeout_seconds="adaptive" if timeout_s is None else timeout_s,
        gpu_threshold=rules.gpu_threshold_percent,
        keep_warm=rules.mode is Mode.FAST,
    )


def _waking(waking: Waking) -> dict[str, object]:
    instance, times = waking.instance, waking.times
    return {
        "instance_id": instance.id,
        "ready": waking.ready,
        "state": instance.state,
        "phase": instance.state_reason or instance.state.value,
        "phase_since": instance.state_since,
        "eta_s": waking.eta_s,
        "insufficient_data": times is not None and not times.enough,
        "wake_times": times_wire(times) if times else None,
        "operation": _operation(waking.operation),
        "status_path": f"/api/serverless/status/{instance.id}",
    }


def _operation(operation: Operation | None) -> object:
    return operation_wire(operation) if operation else None


def _monthly(monthly: Monthly | None, awake: Monthly | None) -> wire.MonthlyWire:
    if monthly is None:
        return wire.MonthlyWire(insufficient_data=True)
    return wire.MonthlyWire(
        gpu_name=monthly.offer.gpu_name,
        provider=monthly.offer.provider,
        price_usd_per_hour=to_usd(monthly.rate),
        gpu_usd=to_usd(monthly.gpu),
        disk_usd=to_usd(monthly.disk),
        snapshots_usd=to_usd(monthly.snapshots),
        transfer_usd=to_usd(monthly.transfer),
        total_usd=to_usd(monthly.total),
        saved_usd=to_usd(awake.total - monthly.total) if awake else None,
        insufficient_data=False,
    )

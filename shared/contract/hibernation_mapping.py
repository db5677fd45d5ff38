"""Between the domain's rules of sleep and the wire."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from shared.contract import hibernation as wire
from shared.domain.billing.money import to_usd
from shared.domain.instances.model import InstanceState
from shared.domain.instances.policies import HibernationPolicy
from shared.domain.sleep.timetable import QuietHours, Schedule

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.app.sleep.ask import Saved, Simulation
    from shared.domain.instances.model import Instance
    from shared.domain.sleep.explain import Explanation
    from shared.domain.sleep.replay import Outcome
    from shared.domain.sleep.wait import WakeCost

HOUR_S = 3600.0


def hibernation_policy(body: wire.HibernationBody) -> HibernationPolicy:
    """Raises Invalid for moments, zones or hours that are none."""
    return HibernationPolicy(
        enabled=body.enabled,
        idle_minutes=body.idle_minutes,
        gpu_threshold_percent=body.gpu_threshold_percent,
        minimum_run_s=body.minimum_run_s,
        adaptive=body.adaptive,
        schedules=tuple(Schedule(each.action, each.cron, each.zone) for each in body.schedules),
        quiet_hours=tuple(
            QuietHours(each.begins, each.ends, each.zone) for each in body.quiet_hours
        ),
    )


@lru_cache(maxsize=256)  # a list holds the same few policies many times
def hibernation_body(policy: HibernationPolicy) -> wire.HibernationBody:
    return wire.HibernationBody(
        enabled=policy.enabled,
        idle_minutes=policy.idle_minutes,
        adaptive=policy.adaptive,
        gpu_threshold_percent=policy.gpu_threshold_percent,
        minimum_run_s=policy.minimum_run_s,
        quiet_hours=tuple(
            wire.QuietHoursBody(begins=each.begins, ends=each.ends, zone=each.zone)
            for each in policy.quiet_hours
        ),
        schedules=tuple(
            wire.ScheduleBody(action=each.action, cron=each.cron, zone=each.zone)
            for each in policy.schedules
        ),
    )


def explain_answer(instance: Instance, told: Explanation, as_of: datetime) -> wire.ExplainAnswer:
    turn = instance.turn
    return wire.ExplainAnswer(
        instance_id=instance.id,
        state=instance.state.value,
        verdict=told.verdict,
        why=told.why,
        held_by=told.held_by,
        weighed=told.weighed,
        quiet_since=told.quiet_since,
        sleeps_at=told.sleeps_at,
        next_turn=wire.TurnWire(at=turn.at, action=turn.action) if turn else None,
        policy=hibernation_body(instance.sleeps_by),
        as_of=as_of,
    )


def stats_answer(since: datetime, now: datetime, found: Sequence[Saved]) -> wire.StatsAnswer:
    known = [each.micro_usd for each in found if each.micro_usd is not None]
    return wire.StatsAnswer(
        since=since,
        as_of=now,
        instances=tuple(_saved(each) for each in found),
        hours_asleep=round(sum(each.hours for each in found), 4),
        unpriced_hours=round(sum(each.unpriced_hours for each in found), 4),
        naps=sum(each.naps for each in found),
        saved_usd=to_usd(sum(known)) if known or not found else None,
    )


def _saved(saved: Saved) -> wire.InstanceSleepWire:
    instance = saved.instance
    took = sorted(instance.wakes_s)
    return wire.InstanceSleepWire(
        instance_id=instance.id,
        label=instance.label,
        asleep=instance.state is InstanceState.ASLEEP,
        policy=_named(instance.sleeps_by),
        hours_asleep=round(saved.hours, 4),
        naps=saved.naps,
        unpriced_hours=round(saved.unpriced_hours, 4),
        saved_usd=None if saved.micro_usd is None else to_usd(saved.micro_usd),
        wakes_measured=len(took),
        wake_p50_s=round(took[len(took) // 2], 1) if took else None,
    )


def _named(policy: HibernationPolicy) -> str:
    if not policy.enabled:
        return "never"
    return "adaptive" if policy.adaptive else f"after {policy.idle_minutes:g} min"


def simulate_answer(days: int, now: datetime, found: Sequence[Simulation]) -> wire.SimulateAnswer:
    return wire.SimulateAnswer(days=days, as_of=now, instances=tuple(_simulation(f) for f in found))


def _simulation(each: Simulation) -> wire.SimulationWire:
    done, cost = each.outcomes, each.cost
    return wire.SimulationWire(
        instance_id=each.instance_id,
        spells=each.spells,
        since=each.since,
        insufficient_data=done is None,
        wake=_cost(cost),
        asked=_outcome(done.asked, cost) if done else None,
        now=_outcome(done.now, cost) if done else None,
        never=_outcome(done.never, cost) if done else None,
        optimum=_outcome(done.optimum, cost) if done else None,
    )


def _cost(cost: WakeCost) -> wire.WakeCostWire:
    priced = cost.rate > 0
    return wire.WakeCostWire(
        wake_s=round(cost.wake_s, 1),
        measured=cost.measured,
        worth_s=round(cost.worth_s, 1),
        price_usd_per_hour=to_usd(cost.rate) if priced else None,
        waiting_usd_per_hour=to_usd(cost.waiting_rate) if priced or cost.waiting_rate else None,
        transfer_usd=None if cost.bytes_back is None else to_usd(cost.transfer),
    )


def _outcome(outcome: Outcome, cost: WakeCost) -> wire.OutcomeWire:
    money = outcome.cost_s * cost.rate / HOUR_S
    return wire.OutcomeWire(
        wakes=outcome.wakes,
        hours_asleep=round(outcome.asleep_s / HOUR_S, 4),
        hours_awake=round(outcome.awake_s / HOUR_S, 4),
        cost_usd=to_usd(round(money)) if cost.rate > 0 else None,
        wait_p50_s=outcome.wait_s(0.5, cost.wake_s),
        wait_p99_s=outcome.wait_s(0.99, cost.wake_s),
    )

"""What the control plane knows of itself and of all its machines together."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.alarms import Alarm, raise_alarm
from shared.app.collections import INSTANCES_IN_STATE, INSTANCES_SILENT, WATCH, WATCH_KEY
from shared.app.incarnation import incarnation_of
from shared.domain.errors import DocumentExists, VersionConflict
from shared.domain.failover.evidence import Fleet, hard_limit_s
from shared.domain.failover.watch import Watch
from shared.domain.instances.model import InstanceState

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.instances.model import Instance

SILENT_FOR = timedelta(minutes=10)


def note_sweep(services: Services) -> None:
    """We are here. Losing to another sweep is fine: it says the same. Raises StoreError."""
    now, timing = services.clock.now(), services.settings.timing
    stored = services.store.get(WATCH, WATCH_KEY)
    try:
        if stored is None:
            incarnation_of(services)  # a store's life begins before its first rental's
            services.store.add(WATCH, WATCH_KEY, Watch(now, now))
            return
        _tell_silence(now - stored.value.swept_at)
        after = stored.value.swept(now, timing)
        if after != stored.value:
            services.store.save(WATCH, WATCH_KEY, after, stored.version)
    except (VersionConflict, DocumentExists):
        return


def _tell_silence(silent: timedelta) -> None:
    if silent >= SILENT_FOR:
        said = f"nothing was swept for {silent.total_seconds():.0f} s"
        raise_alarm(Alarm.SWEEPER_SILENT, said, silent_s=silent.total_seconds())


def fleet_of(services: Services, instance: Instance) -> Fleet:
    """As seen from an instance in doubt: how many fell silent about when it did.

    Two counts where it is silent, else none.
    """
    now, timing = services.clock.now(), services.settings.timing
    stored = services.store.get(WATCH, WATCH_KEY)
    healthy_since = stored.value.healthy_at(now, timing) if stored else now
    if instance.silent_since is None:
        return Fleet(healthy_since)
    running = InstanceState.RUNNING.value
    about = timedelta(seconds=hard_limit_s(services.settings.lease_renewal_s))
    since = instance.silent_since - about
    return Fleet(
        healthy_since,
        size=services.store.count(INSTANCES_IN_STATE, {"state": running}),
        silent=services.store.count(INSTANCES_SILENT, {"state": running, "since": since}),
    )

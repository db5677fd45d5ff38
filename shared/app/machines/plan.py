"""What a machine is told to become."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.agent_wire.messages import Grant, IdlePolicy, Plan, RestorePlan
from shared.app.collections import SNAPSHOTS
from shared.app.machines.data_keys import opened_keys
from shared.domain.errors import SnapshotCorrupt
from shared.domain.instances.model import InstanceState
from shared.domain.snapshots.model import read_prefix_of

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import InstanceId, SnapshotId
    from shared.domain.instances.model import Instance
    from shared.domain.instances.policies import HibernationPolicy
    from shared.domain.rentals.model import Rental
    from shared.ports.blobs import BlobGrant

WORKSPACE = "/workspace"
HOUR_S = 3600.0
GRANT_S = 900
MAX_OBJECT_BYTES = 64 * 1024 * 1024
# Work on the processor or the network keeps a machine awake although its GPU rests.
CPU_BUSY_PERCENT = 20.0
NETWORK_BUSY_KIB_S = 50.0
BEING_MADE = frozenset({InstanceState.PROVISIONING, InstanceState.RESTORING})


def plan_for(services: Services, instance: Instance, rental: Rental) -> Plan:
    return Plan(
        instance_id=instance.id,
        rental_id=rental.id,
        epoch=rental.epoch,
        workspace=WORKSPACE,
        restore=_restore(services, _to_restore(instance)),
        env=dict(instance.spec.env),
        onstart=instance.spec.onstart,
        ssh_public_key=instance.spec.ssh_public_key,
        idle=idle_policy(instance.sleeps_by),
        exclude=(),
        stop_url=_stop_url(services, rental),
        dead_man_s=instance.failover_policy.dead_man_hours * HOUR_S,
    )


def _to_restore(instance: Instance) -> SnapshotId | None:
    """Only a workspace that is being made is filled: on a machine that worked, or may have, its
    files are newer than any snapshot.
    """
    return instance.restore_from if instance.state in BEING_MADE else None


def _stop_url(services: Services, rental: Rental) -> str:
    """Where the machine's own key stops it; "" where its provider gives machines no key."""
    template = services.settings.stop_urls.get(rental.terms.provider, "")
    return template.replace("{contract}", rental.contract_id or "") if template else ""


def idle_policy(policy: HibernationPolicy) -> IdlePolicy:
    return IdlePolicy(
        enabled=policy.enabled,
        gpu_threshold_percent=policy.gpu_threshold_percent,
        cpu_threshold_percent=CPU_BUSY_PERCENT,
        network_threshold_kib_s=NETWORK_BUSY_KIB_S,
        window_s=policy.window_s,
        minimum_run_s=policy.minimum_run_s,
    )


def read_grant(services: Services, instance_id: InstanceId) -> Grant:
    """Read everything that this instance ever wrote."""
    return wire_grant(
        services.blobs.grant(
            read_prefix_of(instance_id),
            write=False,
            seconds=GRANT_S,
            max_object_bytes=MAX_OBJECT_BYTES,
        )
    )


def wire_grant(grant: BlobGrant) -> Grant:
    return Grant(
        base_url=grant.base_url,
        token=grant.token,
        prefix=grant.prefix,
        write=grant.write,
        max_object_bytes=grant.max_object_bytes,
        expires_at=grant.expires_at.timestamp(),
    )


def _restore(services: Services, snapshot_id: SnapshotId | None) -> RestorePlan | None:
    """The snapshot may be another instance's: it lies under that one's prefix."""
    if snapshot_id is None:
        return None
    stored = services.store.get(SNAPSHOTS, snapshot_id)
    if stored is None or not stored.value.restorable:
        raise SnapshotCorrupt(f"{snapshot_id} cannot be restored")
    return RestorePlan(
        snapshot_id=snapshot_id,
        manifest_key=stored.value.manifest_key,
        grant=read_grant(services, stored.value.instance_id),
        keys=opened_keys(services, stored.value.keys),
    )

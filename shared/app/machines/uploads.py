"""Rights to write one snapshot: short, for one prefix, only while it is open (rule 12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.agent_wire.messages import CLOSED, FENCED, OK, UploadsAnswer, UploadsRequest
from shared.app.collections import INSTANCES, SNAPSHOTS
from shared.app.machines.data_keys import opened_keys
from shared.app.machines.plan import GRANT_S, MAX_OBJECT_BYTES, read_grant, wire_grant
from shared.domain.snapshots.model import SnapshotState

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.machines.tokens import MachineToken


def uploads(services: Services, token: MachineToken, request: UploadsRequest) -> UploadsAnswer:
    """Reads the documents and compares: a token alone authorises nothing."""
    now = services.clock.now()
    stored = services.store.get(SNAPSHOTS, request.snapshot_id)
    instance = services.store.get(INSTANCES, token.instance_id)
    is_primary = (
        instance is not None
        and instance.value.primary == token.rental_id
        and instance.value.epoch == token.epoch
    )
    if not is_primary or instance is None:
        return UploadsAnswer(FENCED, now.timestamp())
    is_open = (
        stored is not None
        and stored.value.rental_id == token.rental_id
        and stored.value.epoch == token.epoch
        and stored.value.state is SnapshotState.OPEN
        and stored.value.deadline > now
    )
    if not is_open or stored is None:
        # Given up meanwhile, as by a drain. The machine itself is as good as before.
        return UploadsAnswer(CLOSED, now.timestamp())
    write = services.blobs.grant(
        stored.value.prefix, write=True, seconds=GRANT_S, max_object_bytes=MAX_OBJECT_BYTES
    )
    return UploadsAnswer(
        status=OK,
        server_time=now.timestamp(),
        write=wire_grant(write),
        read=read_grant(services, instance.value.id),
        parent_manifest_key=stored.value.parent_manifest_key,
        created_at=stored.value.created_at.timestamp(),
        keys=opened_keys(services, stored.value.keys),
    )

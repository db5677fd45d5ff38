"""Every collection and every question, declared once. Indexes are derived from this list."""

from __future__ import annotations

import zlib

from shared.domain.billing.budget import Budget
from shared.domain.instances.model import Instance
from shared.domain.machines.lease import AgentLease
from shared.domain.machines.logs import LogChunk
from shared.domain.machines.mailbox import CommandIndex, Mailbox
from shared.domain.market.look import Look, Stray
from shared.domain.market.pace import Pace
from shared.domain.operations import Operation
from shared.domain.rentals.model import Rental
from shared.domain.requests import AcceptedRequest
from shared.domain.snapshots.model import Snapshot
from shared.domain.timeline import TimelineEvent
from shared.ports.store import Collection, Query, Where

INSTANCES = Collection("instances", Instance)
RENTALS = Collection("rentals", Rental)
SNAPSHOTS = Collection("snapshots", Snapshot)
OPERATIONS = Collection("operations", Operation)
TIMELINE = Collection("timeline", TimelineEvent)
LEASES = Collection("leases", AgentLease)
MAILBOXES = Collection("mailboxes", Mailbox)
COMMAND_INDEX = Collection("command_index", CommandIndex)
BUDGETS = Collection("budgets", Budget)
LOOKS = Collection("looks", Look)
STRAYS = Collection("strays", Stray)
PACES = Collection("paces", Pace)
REQUESTS = Collection("requests", AcceptedRequest, expires="expires_at")
LOGS = Collection("logs", LogChunk, expires="expires_at")

INDEX_KEY = "index"
# A rising indexed field caps a Firestore collection near 500 writes a second; eight shards.
SHARDS = tuple(range(8))

_BETWEEN = (Where("at", ">=", "since"), Where("at", "<", "until"))
_DUE = (Where("shard", "in", "shards"), Where("due_at", "<=", "now"))

INSTANCES_OF_OWNER = Query(
    "instances_of_owner",
    INSTANCES,
    where=(Where("owner", "==", "owner"),),
    order=(("created_at", "desc"),),
)
INSTANCES_OF_OWNER_IN_STATE = Query(
    "instances_of_owner_in_state",
    INSTANCES,
    where=(Where("owner", "==", "owner"), Where("state", "==", "state")),
    order=(("created_at", "desc"),),
)
INSTANCES_IN_STATE = Query("instances_in_state", INSTANCES, where=(Where("state", "==", "state"),))
INSTANCES_DUE = Query("instances_due", INSTANCES, where=_DUE, order=(("due_at", "asc"),))
INSTANCES_DUE_FOR_SNAPSHOT = Query(
    "instances_due_for_snapshot",
    INSTANCES,
    where=(Where("state", "==", "state"), Where("next_snapshot_at", "<=", "now")),
    order=(("next_snapshot_at", "asc"),),
)
RENTALS_OF_INSTANCE = Query(
    "rentals_of_instance",
    RENTALS,
    where=(Where("instance_id", "==", "instance_id"),),
    order=(("created_at", "asc"),),
)
OPEN_RENTALS_OF_ACCOUNT = Query(
    "open_rentals_of_account",
    RENTALS,
    where=(Where("account_id", "==", "account_id"), Where("open", "==", "open")),
)
RENTALS_IN_STATE = Query("rentals_in_state", RENTALS, where=(Where("state", "==", "state"),))
SNAPSHOTS_OF_INSTANCE = Query(
    "snapshots_of_instance",
    SNAPSHOTS,
    where=(Where("instance_id", "==", "instance_id"),),
    order=(("created_at", "desc"),),
)
SNAPSHOTS_OF_OWNER = Query(
    "snapshots_of_owner",
    SNAPSHOTS,
    where=(Where("owner", "==", "owner"),),
    order=(("created_at", "desc"),),
)
SNAPSHOTS_CONDEMNED = Query(
    "snapshots_condemned",
    SNAPSHOTS,
    where=(Where("state", "==", "state"), Where("condemned_at", "<=", "before")),
    order=(("condemned_at", "asc"),),
)
TIMELINE_OF_INSTANCE = Query(
    "timeline_of_instance",
    TIMELINE,
    where=(Where("instance_id", "==", "instance_id"), *_BETWEEN),
    order=(("at", "desc"),),
)
LOOKS_DUE = Query("looks_due", LOOKS, where=_DUE, order=(("due_at", "asc"),))
LOGS_OF_INSTANCE = Query(
    "logs_of_instance",
    LOGS,
    where=(Where("instance_id", "==", "instance_id"), *_BETWEEN),
    order=(("at", "desc"),),
)
STRAYS_OF_ACCOUNT = Query(
    "strays_of_account", STRAYS, where=(Where("account_id", "==", "account_id"),)
)

QUERIES = (
    INSTANCES_OF_OWNER,
    INSTANCES_OF_OWNER_IN_STATE,
    INSTANCES_IN_STATE,
    INSTANCES_DUE,
    INSTANCES_DUE_FOR_SNAPSHOT,
    RENTALS_OF_INSTANCE,
    OPEN_RENTALS_OF_ACCOUNT,
    RENTALS_IN_STATE,
    SNAPSHOTS_OF_INSTANCE,
    SNAPSHOTS_OF_OWNER,
    SNAPSHOTS_CONDEMNED,
    TIMELINE_OF_INSTANCE,
    LOOKS_DUE,
    LOGS_OF_INSTANCE,
    STRAYS_OF_ACCOUNT,
)


def shard_of(key: str) -> int:
    return zlib.crc32(key.encode()) % len(SHARDS)

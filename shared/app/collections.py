"""Collections and every question, declared once. Indexes are derived from this list.

Whoever imports it loads every kind of document; what logins and steady heartbeats read is declared
beside them.
"""

from __future__ import annotations

import zlib

from shared.domain.billing.bill import Bill, Statement
from shared.domain.billing.budget import Budget, with_holds
from shared.domain.billing.limits import SpendingLimits
from shared.domain.billing.usage import LedgerPage
from shared.domain.failover.incarnation import Incarnation
from shared.domain.failover.watch import Watch
from shared.domain.history.attempt import Attempt
from shared.domain.history.book import MachineBook
from shared.domain.history.shared_score import Scoreboard, SharedRecord
from shared.domain.instances.model import Instance
from shared.domain.machines.lease import AgentLease
from shared.domain.machines.logs import LogChunk
from shared.domain.machines.mailbox import Mailbox
from shared.domain.market.look import Look, Stray
from shared.domain.market.pace import Pace
from shared.domain.market.sample import MarketSample
from shared.domain.operations import Operation
from shared.domain.racing.experience import Experience
from shared.domain.rentals.model import Rental
from shared.domain.requests import AcceptedRequest
from shared.domain.sleep.book import SleepBook
from shared.domain.sleep.defaults import SleepDefaults
from shared.domain.snapshots.model import Snapshot
from shared.domain.snapshots.scrub import Dating, Reading
from shared.domain.timeline import TimelineEvent
from shared.ports.store import Collection, Query, Where

INSTANCES = Collection("instances", Instance)
RENTALS = Collection("rentals", Rental)
SNAPSHOTS = Collection("snapshots", Snapshot)
OPERATIONS = Collection("operations", Operation)
TIMELINE = Collection("timeline", TimelineEvent)
LEDGER = Collection("ledger", LedgerPage)
BILLS = Collection("bills", Bill)
STATEMENTS = Collection("statements", Statement)
LEASES = Collection("leases", AgentLease)
MAILBOXES = Collection("mailboxes", Mailbox)
BUDGETS = Collection("budgets", Budget, schema=2, upcasters=(with_holds,))
SPENDING_LIMITS = Collection("spending_limits", SpendingLimits)
LOOKS = Collection("looks", Look)
STRAYS = Collection("strays", Stray)
PACES = Collection("paces", Pace)
READING = Collection("reading", Reading)
READING_KEY = "reading"
DATING = Collection("dating", Dating)
DATING_KEY = "dating"
REQUESTS = Collection("requests", AcceptedRequest, expires="expires_at")
LOGS = Collection("logs", LogChunk, expires="expires_at")
ATTEMPTS = Collection("attempts", Attempt, expires="expires_at")
MACHINE_BOOKS = Collection("machine_books", MachineBook)
SHARED_RECORDS = Collection("shared_records", SharedRecord, expires="expires_at")
SCOREBOARDS = Collection("scoreboards", Scoreboard)
EXPERIENCES = Collection("experiences", Experience)
MARKET_SAMPLES = Collection("market_samples", MarketSample, expires="expires_at")

SLEEP_BOOKS = Collection("sleep_books", SleepBook)  # by their owner
SLEEP_DEFAULTS = Collection("sleep_defaults", SleepDefaults)  # by their owner

WATCH = Collection("watch", Watch)
INCARNATION = Collection("incarnation", Incarnation)

WATCH_KEY = "watch"
INCARNATION_KEY = "store"
SHARED_SCOREBOARD = "shared"
# A rising indexed field caps a Firestore collection near 500 writes a second; eight shards.
SHARDS = tuple(range(8))

_BETWEEN = (Where("at", ">=", "since"), Where("at", "<", "until"))
_ENDED_BETWEEN = (Where("ended_at", ">=", "since"), Where("ended_at", "<", "until"))
_OF_OWNER = Where("owner", "==", "owner")
_ON_MACHINE = (Where("provider", "==", "provider"), Where("machine_id", "==", "machine_id"))
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
INSTANCES_OF_OWNER_IN_STATES = Query(
    "instances_of_owner_in_states",
    INSTANCES,
    where=(Where("owner", "==", "owner"), Where("state", "in", "states")),
    order=(("created_at", "desc"),),
)
INSTANCES_IN_STATE = Query("instances_in_state", INSTANCES, where=(Where("state", "==", "state"),))
INSTANCES_SILENT = Query(
    "instances_silent",
    INSTANCES,
    where=(Where("state", "==", "state"), Where("silent_since", ">=", "since")),
    order=(("silent_since", "asc"),),
)
INSTANCES_DUE = Query("instances_due", INSTANCES, where=_DUE, order=(("due_at", "asc"),))
LEASES_DUE = Query("leases_due", LEASES, where=_DUE, order=(("due_at", "asc"),))
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
RENTALS_STIRRED = Query(
    "rentals_stirred",
    RENTALS,
    where=(
        Where("account_id", "==", "account_id"),
        Where("open", "==", "open"),
        Where("stirred_at", ">", "since"),
    ),
    order=(("stirred_at", "asc"),),
)
RENTALS_IN_STATE = Query("rentals_in_state", RENTALS, where=(Where("state", "==", "state"),))
OPERATIONS_OF_OWNER_OF_KINDS = Query(
    "operations_of_owner_of_kinds",
    OPERATIONS,
    where=(Where("owner", "==", "owner"), Where("kind", "in", "kinds")),
    order=(("created_at", "desc"),),
)
SNAPSHOTS_OF_INSTANCE = Query(
    "snapshots_of_instance",
    SNAPSHOTS,
    where=(Where("instance_id", "==", "instance_id"),),
    order=(("created_at", "desc"),),
)
SNAPSHOTS_RETAINED = Query(
    "snapshots_retained",
    SNAPSHOTS,
    where=(
        Where("instance_id", "==", "instance_id"),
        Where("state", "==", "state"),
        Where("keep", "==", "keep"),
    ),
    order=(("created_at", "asc"),),
)
# A damaged one has a reason; many lack the field, which only a count of the damaged forgives.
SNAPSHOTS_RETAINED_DAMAGED = Query(
    "snapshots_retained_damaged",
    SNAPSHOTS,
    where=(*SNAPSHOTS_RETAINED.where, Where("damage", ">", "no_damage")),
)
SNAPSHOTS_OF_INSTANCE_IN_STATES = Query(
    "snapshots_of_instance_in_states",
    SNAPSHOTS,
    where=(Where("instance_id", "==", "instance_id"), Where("state", "in", "states")),
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
SNAPSHOTS_TO_READ = Query(
    "snapshots_to_read",
    SNAPSHOTS,
    where=(Where("state", "in", "states"), Where("read_at", "<=", "before")),
    order=(("read_at", "asc"),),
)
SNAPSHOTS_IN_STATES = Query(
    "snapshots_in_states", SNAPSHOTS, where=(Where("state", "in", "states"),)
)
SNAPSHOTS_LEFT = Query(
    "snapshots_left",
    SNAPSHOTS,
    where=(
        Where("state", "==", "state"),
        Where("cleared", "==", "cleared"),
        Where("deadline", "<=", "before"),
    ),
    order=(("deadline", "asc"),),
)
TIMELINE_OF_INSTANCE = Query(
    "timeline_of_instance",
    TIMELINE,
    where=(Where("instance_id", "==", "instance_id"), *_BETWEEN),
    order=(("at", "desc"),),
)
AUDIT_OF_OWNER = Query(
    "audit_of_owner",
    TIMELINE,
    where=(Where("owner", "==", "owner"), Where("found_by", "contains", "mark"), *_BETWEEN),
    order=(("at", "desc"),),
)
ENTRIES_OF_KIND = Query("entries_of_kind", TIMELINE, where=(Where("kind", "==", "kind"),))
RENTALS_IN_STATES = Query("rentals_in_states", RENTALS, where=(Where("state", "in", "states"),))
RENTALS_LONGEST_IN_STATES = Query(
    "rentals_longest_in_states",
    RENTALS,
    where=(Where("state", "in", "states"),),
    order=(("state_since", "asc"),),
)
RENTALS_UNBILLED = Query(
    "rentals_unbilled",
    RENTALS,
    where=(Where("account_id", "==", "account_id"), Where("unbilled", "==", "unbilled")),
)
RENTALS_OF_CONTRACT = Query(
    "rentals_of_contract",
    RENTALS,
    where=(Where("account_id", "==", "account_id"), Where("contract_id", "==", "contract_id")),
)
LEDGER_OF_INSTANCE = Query(
    "ledger_of_instance",
    LEDGER,
    where=(Where("instance_id", "==", "instance_id"),),
    order=(("closed_at", "asc"),),
)
BILLS_OF_INSTANCE = Query(
    "bills_of_instance", BILLS, where=(Where("instance_id", "==", "instance_id"),)
)
BILLS_DUE = Query(
    "bills_due",
    LOOKS,
    where=(Where("shard", "in", "shards"), Where("bill_due_at", "<=", "now")),
    order=(("bill_due_at", "asc"),),
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
ATTEMPTS_OF_OWNER = Query(
    "attempts_of_owner", ATTEMPTS, where=(_OF_OWNER, *_ENDED_BETWEEN), order=(("ended_at", "desc"),)
)
ATTEMPTS_OF_OWNER_AT_PROVIDER = Query(
    "attempts_of_owner_at_provider",
    ATTEMPTS,
    where=(_OF_OWNER, _ON_MACHINE[0], *_ENDED_BETWEEN),
    order=(("ended_at", "desc"),),
)
ATTEMPTS_OF_OWNER_ON_MACHINE = Query(
    "attempts_of_owner_on_machine",
    ATTEMPTS,
    where=(_OF_OWNER, *_ON_MACHINE, *_ENDED_BETWEEN),
    order=(("ended_at", "desc"),),
)
# Everybody's, the oldest first: for what is learnt without names.
ATTEMPTS_TOLD = Query(
    "attempts_told",
    ATTEMPTS,
    where=(Where("told_at", ">=", "since"),),
    order=(("told_at", "asc"),),
)

QUERIES = (
    INSTANCES_OF_OWNER,
    INSTANCES_OF_OWNER_IN_STATE,
    INSTANCES_OF_OWNER_IN_STATES,
    INSTANCES_IN_STATE,
    INSTANCES_SILENT,
    INSTANCES_DUE,
    LEASES_DUE,
    INSTANCES_DUE_FOR_SNAPSHOT,
    RENTALS_OF_INSTANCE,
    OPEN_RENTALS_OF_ACCOUNT,
    RENTALS_STIRRED,
    RENTALS_IN_STATE,
    OPERATIONS_OF_OWNER_OF_KINDS,
    SNAPSHOTS_OF_INSTANCE,
    SNAPSHOTS_RETAINED,
    SNAPSHOTS_RETAINED_DAMAGED,
    SNAPSHOTS_OF_INSTANCE_IN_STATES,
    SNAPSHOTS_OF_OWNER,
    SNAPSHOTS_CONDEMNED,
    SNAPSHOTS_LEFT,
    SNAPSHOTS_TO_READ,
    SNAPSHOTS_IN_STATES,
    TIMELINE_OF_INSTANCE,
    AUDIT_OF_OWNER,
    ENTRIES_OF_KIND,
    RENTALS_IN_STATES,
    RENTALS_LONGEST_IN_STATES,
    RENTALS_UNBILLED,
    RENTALS_OF_CONTRACT,
    LEDGER_OF_INSTANCE,
    BILLS_OF_INSTANCE,
    BILLS_DUE,
    LOOKS_DUE,
    LOGS_OF_INSTANCE,
    STRAYS_OF_ACCOUNT,
    ATTEMPTS_OF_OWNER,
    ATTEMPTS_OF_OWNER_AT_PROVIDER,
    ATTEMPTS_OF_OWNER_ON_MACHINE,
    ATTEMPTS_TOLD,
)


def shared_key(provider: str, machine_id: str) -> str:
    """The key of a machine's record in SHARED_RECORDS: no key holds a slash."""
    return f"{provider}:{machine_id}"


def shard_of(key: str) -> int:
    return zlib.crc32(key.encode()) % len(SHARDS)

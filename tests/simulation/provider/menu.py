"""Every fault of the world outside the control plane, and the calls that it may befall.

The two names together are one cell of the coverage table: `faults.strikes(fault, call)`.
"""

from __future__ import annotations

READS = ("provider.search", "provider.show", "provider.listing", "provider.credit")
ORDERS = ("provider.destroy", "provider.stop", "provider.start", "provider.reboot")
WRITES = ("provider.create", *ORDERS)
CALLS = (*READS, "provider.charges", *WRITES)
HOST = ("provider.host",)
LISTING = ("provider.listing",)
CREATE = ("provider.create",)
AGENT_CALLS = ("machine.hello", "machine.beat", "machine.events", "machine.uploads")
MACHINE_BLOBS = ("machine.put", "machine.get")

OUTSIDE: dict[str, tuple[str, ...]] = {
    # what befalls a call to the marketplace
    "cut_before_effect": CALLS,
    "timeout_after_effect": CALLS,
    "late_effect": WRITES,  # the call has timed out, and takes effect only then
    "too_many_requests": CALLS,
    "server_error": CALLS,
    "garbled": CALLS,
    "stalled": CALLS,  # a long while passes before the call leaves, or before its answer comes
    "error_with_contract": CREATE,
    "duplicate_contract": CREATE,
    "index_breaks": CREATE,  # no answer, a slow start, and lists that lack rows for some minutes
    "listed_late": CREATE,  # no answer, and no list shows it for up to two minutes
    "offer_stolen": CREATE,
    "slow_pull": CREATE,
    "oci_error": CREATE,
    "stuck_loading": CREATE,
    "destroy_noop": ("provider.destroy",),
    "stop_noop": ("provider.stop",),
    "listing_empty": LISTING,
    "listing_partial": LISTING,
    "listing_malformed": LISTING,
    "listing_lags": LISTING,
    "listing_blinks": LISTING,
    "listing_moves": LISTING,
    "listing_pauses": LISTING,
    # what befalls a rented host, drawn once for each start of its container
    "host_dies": HOST,
    "host_offline": HOST,
    "host_unknown": HOST,
    "host_freezes": HOST,
    "outbid": HOST,
    "stopped_outside": HOST,
    "container_restarts": HOST,
    "credit_zero": ("provider.account",),
    # what befalls the agent
    "partition": AGENT_CALLS,
    "replayed": AGENT_CALLS,
    "clock_skew": ("machine.boot",),
    "onstart_twice": ("machine.boot",),
    "agent_killed": ("machine.life",),
    "upload_after_fence": ("machine.snapshot",),
    "snapshot_fails": ("machine.snapshot",),
    "lost_in_snapshot": ("machine.snapshot",),  # out of sight before it asks, or before it tells
    "restore_fails": ("machine.restore",),
    # what befalls the machine's own calls to the blob store
    "blob_cut": MACHINE_BLOBS,
    "blob_stored_cut": ("machine.put",),  # the answer says that all of it lies there
    "blob_answer_lost": ("machine.put",),
    "blob_doubled": ("machine.put",),
    "blob_refused": MACHINE_BLOBS,
}

"""The decisions that the public sources leave open ([I] in vast.md), as values to turn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Knobs:
    """Times in simulated seconds, unless a name says otherwise.

    The defaults make a quick but not instant market; every [I] of the reference is here, so
    that a client can be held to both readings.
    """

    pickup_s: float = 1.0  # null -> created
    created_s: float = 1.0  # created -> loading
    boot_s: float = 3.0  # image pulled -> running
    pull_jitter: float = 0.3  # share of the pull time that is drawn
    stop_s: float = 2.0  # stop accepted -> container halted
    reboot_s: float = 2.0
    destroy_linger_s: float = 3.0  # 5.2 pitfall 6: a destroyed row stays listed
    unknown_s: float = 30.0  # heartbeat lost -> host declared offline
    expired_kept_s: float = 172_800.0  # 5.2 pitfall 7: deletable 48 h after its end
    result_delay_s: float = 0.2  # a result_url is 404 for so long (real seconds)
    halted_status: str = "exited"  # 5.2: a user stop reads `exited` or `stopped`
    outbid_intended: str = "stopped"  # 5.2 pitfall 1: both triples are seen
    bid_slices_stay_listed: bool = False  # held by a bid, still offered for more
    low_bid_leaves_orphan: bool = True  # 4: an error that carries new_contract
    cancel_unavail_default: bool = True  # 4: server default for on-demand
    no_credit_status: int = 400  # 2: 400 or 402, wording unconfirmed
    gpu_util_is_fraction: bool = False  # 5.1: percent in practice, fraction in the text
    charges_split_by_day: bool = False  # 8: one line per contract, or per contract and day
    uptime_is_whole_minutes: bool = False  # float with sub-second resolution by default
    call_intervals: bool = True  # 2: minimum seconds between calls, in real time
    unlisted_interval_s: float = 0.0  # "unlisted elsewhere about 1-3"
    limit_bandwidth: bool = False  # throttle a machine's proxy to the offer's inet_*

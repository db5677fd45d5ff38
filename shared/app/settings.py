"""What a deployment decides. Read once from the environment by shared.bootstrap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from shared.domain.frozen import dataclass
from shared.domain.rentals.timing import Timing


@dataclass(frozen=True, slots=True)
class Settings:
    """Defaults are those of the cloud; the local stack hands in its own `timing`."""

    deployment_id: str
    public_url: str  # where agents and people reach us, without a trailing slash
    agent_url: str  # where machines reach the agent function, without a trailing slash
    registration_open: bool = False
    lease_renewal_s: int = 300
    default_beat_s: int = 30
    watched_beat_s: int = 3
    offers_cache_s: int = 30
    command_index_cache_s: int = 5
    timing: Timing = field(default_factory=Timing)
    calls_per_s: float = 0.0  # of one user at one process, on average; 0 for no limit
    site_origin: str = ""  # the one web origin whose pages may call us; "" for none
    allowed_hosts: tuple[str, ...] = ()  # Host names we answer for; () where a front door checks
    trusted_hops: int = 0  # proxies of ours that append to X-Forwarded-For
    area_urls: Mapping[str, str] = field(default_factory=dict)  # area -> URL; else public_url
    stop_urls: Mapping[str, str] = field(default_factory=dict)  # provider -> URL with {contract}
    machines_at_loopback: bool = False  # simulated machines: the proxy may reach them
    version: str = "0.1.0"

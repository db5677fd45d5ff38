"""The body of the one call that spends (vast.md, section 4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.domain.billing.money import to_usd
from shared.domain.errors import ProviderRefused

if TYPE_CHECKING:
    from shared.ports.marketplace import CreateOrder

# What the marketplace documents as its limits. A refusal of ours costs no call and no doubt.
_LONGEST = {"image": 1024, "label": 256, "onstart": 4048}
_LONGEST_ENV = 32_768
_MOST_PORTS = 64
_SMALLEST_DISK_GB = 8
_BIDS_MICRO_USD = range(1_000, 128_000_000 + 1)
# A name that begins with a dash would be read as a flag of docker.
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def body_of(order: CreateOrder) -> dict[str, object]:
    """What to send. Raises ProviderRefused (invalid) before anything is sent.

    `cancel_unavail` makes the marketplace say no where it would otherwise leave a contract that
    waits for its GPU; `runtype` is the one that runs onstart and opens ssh directly.
    """
    _check(order)
    bid = order.bid_micro_usd_per_hour
    ports = {f"-p {port}:{port}": "1" for port in order.ports}
    return {
        "client_id": "me",
        "image": order.image,
        "env": {**order.env, **ports},
        "price": None if bid is None else to_usd(bid),
        "disk": order.disk_gb,
        "label": order.label,
        "extra": None,
        "onstart": order.onstart,
        "image_login": None,
        "runtype": "ssh_direc ssh_proxy",
        "python_utf8": False,
        "lang_utf8": False,
        "use_jupyter_lab": False,
        "jupyter_dir": None,
        "force": False,
        "cancel_unavail": True,
        "target_state": "running",
        "template_hash_id": None,
        "user": None,
    }


def _check(order: CreateOrder) -> None:
    for name, longest in _LONGEST.items():
        _require(len(getattr(order, name)) <= longest, f"{name} is longer than {longest}")
    _require(bool(order.image.strip()), "there is no image")
    _require(bool(order.label), "a contract without a label could never be found again")
    _require(order.disk_gb >= _SMALLEST_DISK_GB, f"the disk is under {_SMALLEST_DISK_GB} GB")
    _require(
        all(_ENV_NAME.fullmatch(name) for name in order.env), "a variable's name is not a name"
    )
    size = sum(len(name) + len(value) for name, value in order.env.items())
    _require(size <= _LONGEST_ENV, f"the environment is longer than {_LONGEST_ENV}")
    _require(len(order.ports) <= _MOST_PORTS, f"more than {_MOST_PORTS} ports")
    _require(all(0 < port < 65536 for port in order.ports), "a port is out of range")
    bid = order.bid_micro_usd_per_hour
    _require(bid is None or bid in _BIDS_MICRO_USD, "the bid is not within 0.001 to 128 USD")


def _require(holds: object, message: str) -> None:
    if not holds:
        raise ProviderRefused(message, "invalid")

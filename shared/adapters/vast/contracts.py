"""One row of the marketplace's instance list as our Contract."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.adapters.market_api.reading import (
    Row,
    Unreadable,
    as_row,
    flag,
    identity,
    micro_usd,
    moment,
    number,
    text,
    whole,
)
from shared.adapters.vast.status import States, status_of
from shared.domain.ids import ContractId
from shared.domain.rentals.contract_status import ContractStatus
from shared.ports.marketplace import Contract

if TYPE_CHECKING:
    from datetime import datetime

_LAST_PORT = 65535


def contract(value: object, at: datetime) -> Contract:
    """The row as it stood at `at`, the provider's time. Raises Unreadable.

    What identifies, labels or prices a contract must be there; the rest may be unknown.
    """
    row = as_row(value, "the contract")
    is_bid = flag(row, "is_bid") or False
    message = text(row, "status_msg") or ""
    status = status_of(_states(row, message, is_bid=is_bid))
    ports = _ports(row)
    ssh_host, ssh_port = _ssh(row, ports)
    return Contract(
        id=ContractId(identity(row, "id")),
        label=_label(row),
        status=status,
        status_message=message,
        machine_id=identity(row, "machine_id"),
        gpu_rate=micro_usd(row, "dph_base"),
        storage_rate=micro_usd(row, "storage_total_cost"),
        download_price=micro_usd(row, "inet_down_cost"),
        upload_price=micro_usd(row, "inet_up_cost"),
        is_bid=is_bid,
        started_at=moment(row, "start_date"),
        running_since=_running_since(row, status, at),
        ssh_host=ssh_host,
        ssh_port=ssh_port,
        public_ip=text(row, "public_ipaddr"),
        ports=tuple(sorted(ports.items())),
        at=at,
    )


def _states(row: Row, message: str, *, is_bid: bool) -> States:
    return States(
        actual=text(row, "actual_status"),
        intended=text(row, "intended_status"),
        current=text(row, "cur_state"),
        next=text(row, "next_state"),
        is_bid=is_bid,
        message=message,
    )


def _label(row: Row) -> str:
    """Exactly as given at create: a label is compared, so it is not stripped."""
    value = row.get("label")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable("label is not text")
    return value


def _running_since(row: Row, status: ContractStatus, at: datetime) -> datetime | None:
    """As exact as `uptime_mins` is: a fraction where the provider gives one, else the minute."""
    if status is not ContractStatus.RUNNING:
        return None
    minutes = number(row, "uptime_mins")
    if minutes is None or minutes < 0:
        return None
    try:
        return at - timedelta(minutes=float(minutes))
    except OverflowError:
        raise Unreadable("uptime_mins reaches before all time") from None


def _ports(row: Row) -> dict[int, int]:
    """TCP ports inside -> outside. The map is null unless the container runs."""
    value = row.get("ports")
    if value is None:
        return {}
    outside: dict[int, int] = {}
    for name, bindings in as_row(value, "ports").items():
        inside, _, protocol = str(name).partition("/")
        if protocol not in ("", "tcp") or not bindings:
            continue
        if not isinstance(bindings, list):
            raise Unreadable("a port's bindings are not a list")
        binding = as_row(bindings[0], "a port's binding")
        outside[_port(int(inside) if inside.isdecimal() else None)] = _port(
            whole(binding, "HostPort")
        )
    return outside


def _port(value: int | None) -> int:
    if value is None or not 0 < value <= _LAST_PORT:
        raise Unreadable("a port is out of range")
    return value


def _ssh(row: Row, ports: dict[int, int]) -> tuple[str | None, int | None]:
    """As the official client derives it: direct where port 22 is mapped, else by the proxy."""
    public_ip = text(row, "public_ipaddr")
    if 22 in ports and public_ip is not None:
        return public_ip, ports[22]
    host, port = text(row, "ssh_host"), whole(row, "ssh_port")
    if host is None or not port:
        return None, None
    return host, port + 1 if "jupyter" in (text(row, "image_runtype") or "") else port

"""One virtual machine as our Contract, in both shapes that its row is known to have.

The provider's own pages show a bare object with the fields side by side; a mirror of its API
wraps them in `data` and `attributes`, and writes the forwarded ports as a map.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.adapters.market_api.reading import Row, Unreadable, as_row, text, whole
from shared.adapters.tensordock.names import label_of
from shared.adapters.tensordock.status import is_deleted, status_of
from shared.domain.ids import ContractId
from shared.domain.rentals.contract_status import ContractStatus
from shared.ports.marketplace import Contract

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # it becomes a part of a path
_LAST_PORT = 65_535
_SSH = 22


def unwrapped(value: object) -> Row:
    """The fields of a machine side by side, whichever way they came. Raises Unreadable."""
    row = as_row(value, "the machine")
    if isinstance(row.get("data"), dict):
        row = as_row(row["data"], "the machine")
    attributes = row.get("attributes")
    return row if attributes is None else {**row, **as_row(attributes, "its attributes")}


def contract_id_of(row: Row) -> ContractId:
    """Raises Unreadable."""
    found = text(row, "id")
    if found is None or not _ID.fullmatch(found):
        raise Unreadable("the machine's id is not an id")
    return ContractId(found)


def contract(value: object, at: datetime) -> Contract | None:
    """The row as it stood at `at`, the provider's time; None for one that says it is deleted.

    Raises Unreadable. What identifies or labels a machine must be there. When it began, since
    when it runs, on which host and what each of its parts costs is not told by any row.
    """
    row = unwrapped(value)
    contract_id, word = contract_id_of(row), text(row, "status")
    if word is None:
        raise Unreadable("the machine does not say how it is")
    if is_deleted(word):
        return None
    name = row.get("name")
    if not isinstance(name, str):
        raise Unreadable("the machine has no name")
    address = text(row, "ipAddress")
    status = status_of(word)
    ports = dict(_ports(row)) if status is ContractStatus.RUNNING else {}
    return Contract(
        id=contract_id,
        label=label_of(name),
        status=status,
        status_message=word,
        machine_id=None,
        gpu_rate=None,
        storage_rate=None,
        download_price=None,
        upload_price=None,
        is_bid=False,
        started_at=None,
        running_since=None,
        ssh_host=address,
        ssh_port=None if address is None else ports.get(_SSH, _SSH),
        public_ip=address,
        ports=tuple(sorted(ports.items())),
        at=at,
    )


def _ports(row: Row) -> Iterator[tuple[int, int]]:
    """Forwarded ports, inside and outside: a list of pairs, or a map."""
    value = row.get("portForwards")
    if value is None:
        return
    if isinstance(value, dict):
        for inside, outside in value.items():
            yield _port({"port": inside}, "port"), _port({"port": outside}, "port")
        return
    if not isinstance(value, list):
        raise Unreadable("the forwarded ports are neither a list nor a map")
    for each in value:
        pair = as_row(each, "a forwarded port")
        yield _port(pair, "internal_port"), _port(pair, "external_port")


def _port(row: Row, name: str) -> int:
    value = whole(row, name)
    if value is None or not 0 < value <= _LAST_PORT:
        raise Unreadable("a port is out of range")
    return value

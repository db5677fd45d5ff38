"""A machine is the same machine in both shapes; what cannot be read is never half of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.market_api.reading import Unreadable
from shared.adapters.tensordock.contracts import contract
from shared.domain.rentals.contract_status import ContractStatus
from tests.fakes.clock import START
from tests.unit.tensordock.bodies import LABEL, MACHINE, mirrored, official, row

if TYPE_CHECKING:
    from collections.abc import Callable

Shape = Any


@pytest.mark.parametrize("shape", [official, mirrored])
def test_both_shapes_tell_the_same_machine(shape: Callable[..., Shape]) -> None:
    read = contract(shape(), START)

    assert read is not None
    assert (read.id, read.label, read.at) == (MACHINE, LABEL, START)
    assert read.status is ContractStatus.RUNNING
    assert (read.ssh_host, read.ssh_port, read.public_ip) == (
        "203.0.113.7",
        20022,
        "203.0.113.7",
    )
    assert read.ports == ((22, 20022), (8080, 20080))


def test_a_row_of_the_listing_tells_id_label_and_status() -> None:
    read = contract(row(status="stopped"), START)

    assert read is not None
    assert (read.id, read.label, read.status) == (MACHINE, LABEL, ContractStatus.STOPPED)
    assert (read.ssh_host, read.ports) == (None, ())


def test_what_no_row_tells_is_unknown_and_not_zero() -> None:
    read = contract(official(), START)

    assert read is not None
    assert (read.machine_id, read.gpu_rate, read.storage_rate) == (None, None, None)
    assert (read.download_price, read.upload_price) == (None, None)
    assert (read.started_at, read.running_since) == (None, None)


@pytest.mark.parametrize("shape", [official, mirrored, row])
@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("starting", ContractStatus.STARTING),
        ("Running", ContractStatus.RUNNING),
        ("stopping", ContractStatus.RUNNING),
        ("Stopped", ContractStatus.STOPPED),
        ("StoppedDisassociated", ContractStatus.STOPPED),
        ("DELETING", ContractStatus.LEAVING),
        ("error", ContractStatus.FAILED),
        ("rebuilding", ContractStatus.UNCLEAR),
    ],
)
def test_every_status_word_in_any_case(
    shape: Callable[..., Shape], word: str, status: ContractStatus
) -> None:
    read = contract(shape(status=word), START)

    assert read is not None
    assert (read.status, read.status_message) == (status, word)


@pytest.mark.parametrize("shape", [official, mirrored, row])
def test_a_machine_that_says_it_is_deleted_is_none(shape: Callable[..., Shape]) -> None:
    assert contract(shape(status="Deleted"), START) is None


def test_a_machine_with_an_address_of_its_own_has_ssh_where_it_always_is() -> None:
    read = contract(official(portForwards=None), START)

    assert read is not None
    assert (read.ssh_host, read.ssh_port, read.ports) == ("203.0.113.7", 22, ())


@pytest.mark.parametrize("shape", [official, mirrored])
@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"id": "../other"},
        {"id": ""},
        {"name": None},
        {"name": 7},
        {"status": None},
        {"status": 3},
        {"ipAddress": 9},
        {"portForwards": "22"},
        {"portForwards": [{"internal_port": 22, "external_port": "many"}]},
        {"portForwards": [{"internal_port": 0, "external_port": 20022}]},
        {"portForwards": [{"internal_port": 22, "external_port": 70000}]},
    ],
)
def test_what_cannot_be_read_is_said_so(
    shape: Callable[..., Shape], changes: dict[str, Any]
) -> None:
    with pytest.raises(Unreadable):
        contract(shape(**changes), START)


@pytest.mark.parametrize("value", [None, [], "row", {"data": []}, {"attributes": 3}])
def test_what_is_no_machine_is_none_of_ours(value: object) -> None:
    with pytest.raises(Unreadable):
        contract(value, START)

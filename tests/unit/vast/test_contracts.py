"""One row of the instance list as our contract."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.adapters.market_api.reading import Unreadable
from shared.adapters.vast.contracts import contract
from shared.domain.rentals.contract_status import ContractStatus
from tests.fakes.clock import START as AT
from tests.unit.vast.bodies import contract_row


def test_a_running_contract_is_read_in_our_units() -> None:
    read = contract(contract_row(), AT)

    assert (read.id, read.machine_id, read.label) == ("7001", "4242", "dc1.prod.rent_1.mac")
    assert read.status is ContractStatus.RUNNING
    assert (read.gpu_rate, read.storage_rate) == (200_000, 6_944)
    assert (read.download_price, read.upload_price) == (2_604, 3_906)
    assert read.started_at == datetime.fromtimestamp(1767322000.5, tz=UTC)
    assert read.running_since == AT - timedelta(seconds=150)
    assert read.public_ip == "203.0.113.7"
    assert read.ports == ((22, 40122), (8080, 40123))


@pytest.mark.parametrize(
    ("uptime", "seconds"),
    [(3, 180), (3.0, 180), (0, 0), ("2.5", 150), (None, None), (-1, None), (float("nan"), None)],
)
def test_running_since_is_as_exact_as_the_uptime(uptime: object, seconds: int | None) -> None:
    read = contract(contract_row(uptime_mins=uptime), AT)

    expected = None if seconds is None else AT - timedelta(seconds=seconds)
    assert read.running_since == expected


@pytest.mark.parametrize("actual", ["loading", "exited", "offline", None])
def test_what_does_not_run_is_running_since_never(actual: str | None) -> None:
    assert contract(contract_row(actual_status=actual), AT).running_since is None


@pytest.mark.parametrize(
    ("changes", "host", "port"),
    [
        ({}, "203.0.113.7", 40122),
        ({"ports": None}, "ssh5.vast.ai", 40100),
        ({"ports": None, "image_runtype": "jupyter_proxy ssh_proxy"}, "ssh5.vast.ai", 40101),
        ({"public_ipaddr": None}, "ssh5.vast.ai", 40100),
        ({"ports": {"8080/tcp": [{"HostPort": "1"}]}}, "ssh5.vast.ai", 40100),
        ({"ports": None, "ssh_port": -1}, None, None),
        ({"ports": None, "ssh_host": None}, None, None),
    ],
)
def test_ssh_goes_where_the_official_client_goes(
    changes: dict[str, Any], host: str | None, port: int | None
) -> None:
    read = contract(contract_row(**changes), AT)

    assert (read.ssh_host, read.ssh_port) == (host, port)


def test_an_unlabelled_contract_has_an_empty_label() -> None:
    assert contract(contract_row(label=None), AT).label == ""


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        "row",
        {},
        contract_row(id=None),
        contract_row(id="x"),
        contract_row(machine_id=None),
        contract_row(label=7),
        contract_row(dph_base=None),
        contract_row(dph_base="free"),
        contract_row(dph_base=float("nan")),
        contract_row(storage_total_cost=-0.5),
        contract_row(inet_up_cost=None),
        contract_row(actual_status=3),
        contract_row(is_bid="perhaps"),
        contract_row(ports=[22]),
        contract_row(ports={"22/tcp": {"HostPort": 1}}),
        contract_row(ports={"22/tcp": [{"HostPort": "99999"}]}),
        contract_row(ports={"ssh/tcp": [{"HostPort": "22"}]}),
        contract_row(uptime_mins=1e14),
        contract_row(start_date="soon"),
    ],
)
def test_a_row_that_cannot_be_trusted_is_unreadable(row: object) -> None:
    with pytest.raises(Unreadable):
        contract(row, AT)

"""The four status fields through a contract's life (vast-states, section 5.2)."""

from __future__ import annotations

import pytest

from infra.simulators.vast.model import misfortune
from tests.unit.simulators_vast.exchange import Exchange, open_exchange

MONTH_S = 30 * 86_400


@pytest.fixture
def exchange() -> Exchange:
    return open_exchange()


def triple(exchange: Exchange, contract_id: int) -> tuple[object, object, object]:
    row = exchange.show(contract_id)
    return row["actual_status"], row["intended_status"], row["cur_state"]


def befall(exchange: Exchange, event: str, contract_id: int) -> None:
    misfortune.happen(exchange.world, event, exchange.contract(contract_id), exchange.now)


def test_a_first_start_goes_through_every_status(exchange: Exchange) -> None:
    contract_id = exchange.rent()
    exchange.wait(600)

    told = [status for _, status in exchange.contract(contract_id).history]
    assert told == [f"{each}/running/running" for each in (None, "created", "loading", "running")]


def test_ports_are_there_only_while_running(exchange: Exchange) -> None:
    contract_id = exchange.rent(env={"-p 8000:8000": "1", "-p 9:9/udp": "1"})
    assert exchange.show(contract_id)["ports"] is None

    exchange.wait(600)
    assert set(exchange.show(contract_id)["ports"]) == {"22/tcp", "8000/tcp", "9/udp"}

    exchange.put(contract_id, state="stopped")
    exchange.wait(60)
    assert exchange.show(contract_id)["ports"] is None


@pytest.mark.parametrize("halted", ["exited", "stopped"])
def test_a_stop_shows_intent_at_once_and_halts_later(exchange: Exchange, halted: str) -> None:
    exchange.world.knobs.halted_status = halted
    contract_id = exchange.rent_running()

    exchange.put(contract_id, state="stopped")

    assert triple(exchange, contract_id) == ("running", "stopped", "running")
    exchange.wait(10)
    assert triple(exchange, contract_id) == (halted, "stopped", "stopped")


def test_start_waits_for_a_gpu_that_somebody_else_took(exchange: Exchange) -> None:
    contract_id = exchange.rent_running()
    exchange.put(contract_id, state="stopped")
    exchange.wait(10)
    other = exchange.rent(exchange.slice_of(contract_id).ask_id)

    exchange.put(contract_id, state="running")
    exchange.wait(5000)
    assert triple(exchange, contract_id) == ("exited", "running", "stopped")
    exchange.ask("DELETE", f"/api/v0/instances/{other}/", {})
    exchange.wait(60)

    assert triple(exchange, contract_id) == ("running", "running", "running")
    assert exchange.contract(contract_id).boot_no == 2


def test_a_start_before_the_halt_cancels_it(exchange: Exchange) -> None:
    contract_id = exchange.rent_running()
    exchange.put(contract_id, state="stopped")
    exchange.put(contract_id, state="running")
    exchange.wait(60)

    assert triple(exchange, contract_id) == ("running", "running", "running")
    assert exchange.contract(contract_id).boot_no == 1


@pytest.mark.parametrize("intended", ["stopped", "running"])
def test_an_outbid_contract_resumes_when_the_rival_leaves(
    exchange: Exchange, intended: str
) -> None:
    exchange.world.knobs.outbid_intended = intended
    contract_id = exchange.rent_running(price=5.0)

    befall(exchange, "outbid", contract_id)
    assert triple(exchange, contract_id) == ("stopped", intended, "stopped")
    assert exchange.show(contract_id)["next_state"] == "stopped"
    befall(exchange, "rival_leaves", contract_id)
    exchange.wait(60)

    assert triple(exchange, contract_id) == ("running", "running", "running")


def test_an_outbid_contract_that_its_user_stopped_stays_stopped(exchange: Exchange) -> None:
    contract_id = exchange.rent_running(price=5.0)
    befall(exchange, "outbid", contract_id)
    exchange.put(contract_id, state="stopped")

    befall(exchange, "rival_leaves", contract_id)
    exchange.wait(60)

    assert triple(exchange, contract_id)[1:] == ("stopped", "stopped")


def test_a_higher_bid_wins_the_place_back_and_a_lower_one_loses_it(exchange: Exchange) -> None:
    contract_id = exchange.rent_running(price=5.0)
    path = f"/api/v0/instances/bid_price/{contract_id}/"
    befall(exchange, "outbid", contract_id)

    exchange.ask("PUT", path, {"client_id": "me", "price": None})
    exchange.wait(60)
    assert exchange.show(contract_id)["actual_status"] == "running"
    exchange.ask("PUT", path, {"client_id": "me", "price": 0.002})

    assert triple(exchange, contract_id) == ("stopped", "stopped", "stopped")


@pytest.mark.parametrize("stays_listed", [True, False])
def test_on_demand_preempts_a_bid_where_its_place_stays_listed(
    exchange: Exchange, *, stays_listed: bool
) -> None:
    exchange.world.knobs.bid_slices_stay_listed = stays_listed
    contract_id = exchange.rent_running(price=5.0)
    ask_id = exchange.slice_of(contract_id).ask_id
    assert (ask_id is not None) is stays_listed

    if stays_listed:
        exchange.rent(ask_id)
        assert triple(exchange, contract_id) == ("stopped", "stopped", "stopped")


@pytest.mark.parametrize(
    ("event", "status", "back"),
    [
        ("host_offline", "offline", "host_returns"),
        ("host_unknown", "unknown", "host_returns"),
        ("freeze", "frozen", "thaw"),
    ],
)
def test_outages_pass(exchange: Exchange, event: str, status: str, back: str) -> None:
    contract_id = exchange.rent_running()

    befall(exchange, event, contract_id)
    assert exchange.show(contract_id)["actual_status"] == status
    befall(exchange, back, contract_id)

    assert triple(exchange, contract_id) == ("running", "running", "running")
    assert exchange.contract(contract_id).boot_no == 1


def test_a_dead_host_is_unknown_then_offline_and_offers_nothing(exchange: Exchange) -> None:
    contract_id = exchange.rent_running()

    befall(exchange, "host_death", contract_id)
    assert exchange.show(contract_id)["actual_status"] == "unknown"
    assert not exchange.contract(contract_id).container_wanted
    exchange.wait(exchange.world.knobs.unknown_s + 1)

    assert exchange.show(contract_id)["actual_status"] == "offline"
    exchange.ask("DELETE", f"/api/v0/instances/{contract_id}/", {})
    assert exchange.slice_of(contract_id).ask_id is None


def test_neighbours_share_the_fate_of_their_host(exchange: Exchange) -> None:
    contract_id, other = exchange.rent_running(), exchange.rent_running()
    machine_id = exchange.contract(contract_id).machine_id
    exchange.slice_of(other).machine_id = exchange.contract(other).machine_id = machine_id

    befall(exchange, "host_offline", contract_id)
    assert triple(exchange, other)[0] == "offline"
    befall(exchange, "host_returns", contract_id)
    assert triple(exchange, other)[0] == "running"
    befall(exchange, "host_death", contract_id)
    befall(exchange, "host_returns", other)

    assert triple(exchange, other)[0] == "unknown"
    assert exchange.put(other, state="running") == {"success": True}
    exchange.wait(1000)
    assert triple(exchange, other)[0] == "offline"


def test_a_container_that_ends_is_exited_and_can_be_started_again(exchange: Exchange) -> None:
    contract_id = exchange.rent_running()

    befall(exchange, "container_ended", contract_id)
    assert triple(exchange, contract_id) == ("exited", "running", "running")
    exchange.put(contract_id, state="running")
    exchange.wait(60)

    assert exchange.contract(contract_id).boot_no == 2


def test_reboot_keeps_the_gpu_and_recycle_pulls_again(exchange: Exchange) -> None:
    contract_id = exchange.rent_running()

    exchange.ask("PUT", f"/api/v0/instances/reboot/{contract_id}/", {})
    assert triple(exchange, contract_id) == ("rebooting", "running", "running")
    exchange.wait(60)
    exchange.ask("PUT", f"/api/v0/instances/recycle/{contract_id}/", {})
    assert triple(exchange, contract_id) == ("loading", "running", "running")
    exchange.wait(600)

    assert exchange.contract(contract_id).boot_no == 3


@pytest.mark.parametrize("linger_s", [0.0, 30.0])
def test_a_destroyed_row_lingers_and_then_is_null(exchange: Exchange, linger_s: float) -> None:
    exchange.world.knobs.destroy_linger_s = linger_s
    contract_id = exchange.rent_running()

    exchange.ask("DELETE", f"/api/v0/instances/{contract_id}/", {})
    if linger_s:
        assert exchange.show(contract_id)["cur_state"] == "unloaded"
        exchange.ask("DELETE", f"/api/v0/instances/{contract_id}/", {})
        assert exchange.last.status == 404
    exchange.wait(linger_s + 0.1)

    assert exchange.show(contract_id) is None
    assert exchange.ask("GET", "/api/v0/instances/")["instances"] == []


def test_a_contract_ends_with_its_offer_and_is_deleted_two_days_later(exchange: Exchange) -> None:
    contract_id = exchange.rent_running()
    exchange.world.accounts[exchange.contract(contract_id).account_id].deposited = 1e9
    exchange.wait(exchange.contract(contract_id).end_date - exchange.now + 1)

    assert triple(exchange, contract_id) == ("exited", "stopped", "stopped")
    assert exchange.put(contract_id, state="running")["success"] is False
    exchange.wait(exchange.world.knobs.expired_kept_s + 60)

    assert exchange.show(contract_id) is None


@pytest.mark.parametrize("whole", [True, False])
def test_uptime_counts_from_when_the_container_came_up(exchange: Exchange, *, whole: bool) -> None:
    exchange.world.knobs.uptime_is_whole_minutes = whole
    contract_id = exchange.rent_running()
    up_since = exchange.contract(contract_id).up_since or 0

    uptime = exchange.show(contract_id)["uptime_mins"]

    minutes = (exchange.now - up_since) / 60
    assert uptime == pytest.approx(int(minutes) if whole else minutes)

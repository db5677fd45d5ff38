"""What a person must look at is a line of the log that an alert can be made from."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest

from shared.app.alarms import Alarm
from shared.domain.rentals.labels import label_of
from shared.ports.marketplace import CreateOrder
from tests.fakes.marketplace import Fault
from tests.functions.clouds import INSTANCES, ada, client, cloud, running, services
from tests.unit.auth.world import of_the_platform
from tests.unit.market.world import an_offer

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.functions.conftest import Serve
    from tests.orchestration.cloud import Cloud

__all__ = ["ada", "client", "cloud", "running", "services"]

Line = dict[str, Any]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
HEADERS = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}


@pytest.fixture
def tick(serve: Serve, services: Any, capsys: pytest.CaptureFixture[str]) -> Any:
    """One run of the minute's function; the lines that it wrote."""
    function = serve("tick")

    def run() -> list[Line]:
        capsys.readouterr()
        headers = HEADERS | of_the_platform(services, "tick")
        assert function.post("/", json={}, headers=headers).status_code == 200
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def a_minute(cloud: Cloud) -> None:
    """Machines beat and events are handled; nothing sweeps but the function itself."""
    cloud._sweep_at = math.inf
    cloud.run(60)


def of(lines: list[Line], alarm: Alarm) -> list[Line]:
    return [line for line in lines if line.get("alarm") == alarm.value]


def stray(cloud: Cloud, rental_id: str, machine: str) -> None:
    key = cloud.secrets.signing_keys("label")[0].secret
    label = label_of("test", rental_id, key)  # type: ignore[arg-type]
    cloud.market.place(CreateOrder("0", label, "image", 10, {}, (), "", None), an_offer(machine))


def test_a_run_is_one_line_with_its_name_and_without_alarm_where_all_is_well(tick: Any) -> None:
    lines = tick()

    (run,) = [line for line in lines if line["logger"] == "dumont.calls"]
    assert (run["function"], run["status"], run["severity"]) == ("tick", 200, "INFO")
    assert run["operations"]["reads"] > 0
    assert [line for line in lines if "alarm" in line] == []


def test_an_orphan_is_an_alarm_once_in_the_trace_of_the_run_that_found_it(
    tick: Any, running: str, cloud: Cloud
) -> None:
    stray(cloud, "rent_nobody", "m_lost")

    found: list[Line] = []
    for _ in range(12):
        a_minute(cloud)
        found += of(tick(), Alarm.ORPHAN_FOUND)

    (line,) = found
    assert (line["severity"], line["rental_id"], line["trace_id"]) == (
        "ERROR",
        "rent_nobody",
        TRACE,
    )
    assert line["contract_id"] in line["message"]


def test_too_many_orphans_at_once_are_an_alarm_of_their_own(
    tick: Any, running: str, cloud: Cloud
) -> None:
    for number in range(5):
        stray(cloud, f"rent_lost{number}", f"m{number}")

    stopped: list[Line] = []
    for _ in range(12):
        a_minute(cloud)
        stopped += of(tick(), Alarm.SWEEP_STOPPED)

    assert [line["severity"] for line in stopped] == ["ERROR"]


def test_a_create_that_stays_unknown_is_an_alarm_after_five_minutes_and_until_it_is_known(
    tick: Any, client: FlaskClient, ada: dict[str, str], cloud: Cloud
) -> None:
    cloud.market.faults["create"].append(Fault.BEFORE)
    offer = client.get(f"{INSTANCES}/offers").get_json()["items"][0]
    wanted = {"offer_id": offer["offer_id"]}
    client.post(INSTANCES, json=wanted, headers=ada)
    cloud.deliver()
    cloud.market.faults["listing"] += [Fault.BEFORE] * 100

    alarms = []
    for _ in range(8):
        a_minute(cloud)
        alarms.append(len(of(tick(), Alarm.UNKNOWN_LONG)))
    cloud.market.faults["listing"].clear()
    cloud._sweep_at = 0
    cloud.run(600)

    # A minute's run takes half of one more while something waits.
    assert alarms == [0, 0, 0, 1, 1, 1, 1, 1]
    assert of(tick(), Alarm.UNKNOWN_LONG) == []


def test_a_sweep_that_comes_back_after_ten_minutes_says_so(tick: Any, cloud: Cloud) -> None:
    tick()
    cloud.clock.advance(599)
    assert of(tick(), Alarm.SWEEPER_SILENT) == []

    cloud.clock.advance(600)
    (line,) = of(tick(), Alarm.SWEEPER_SILENT)

    assert line["silent_s"] == 600


def test_what_everything_costs_is_told_each_half_of_an_hour(
    tick: Any, running: str, client: FlaskClient, ada: dict[str, str], cloud: Cloud
) -> None:
    cloud.until(lambda: len(cloud.market.standing()) == 1)
    cloud.run(400)
    price = client.get(f"{INSTANCES}/{running}", headers=ada).get_json()["price_usd_per_hour"]

    told: dict[int, float] = {}
    for _ in range(60):
        began = cloud.clock.now()
        for line in tick():
            if "spend_rate_usd_per_hour" in line:
                told[began.minute] = line["spend_rate_usd_per_hour"]
                assert line["complete"] is True
        cloud.run(60 - (cloud.clock.now() - began).total_seconds())

    assert {minute % 30 for minute in told} == {0}, told
    assert list(told.values()) == [pytest.approx(price)] * len(told)


def test_a_crossed_budget_is_an_alarm_that_names_whose(
    client: FlaskClient, ada: dict[str, str], running: str, cloud: Cloud, serve: Serve, capsys: Any
) -> None:
    budgets = serve("settings")
    limit = {"period": "hourly", "cap_usd": 0.01, "at_limit": "warn"}
    answer = budgets.put("/api/budgets", json=limit, headers=ada)
    assert answer.status_code == 200, answer.data
    capsys.readouterr()

    cloud.run(900)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    crossed = of(lines, Alarm.BUDGET_CROSSED)
    assert {line["user_id"] for line in crossed} == {"user_ada"}
    assert {line["kind"] for line in crossed} == {"budget.reached"}

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from frontend.client.errors import UnexpectedAnswer
from frontend.client.orders import Hibernation, OfferQuery, Order, Race
from tests.unit.client import shapes
from tests.unit.client.fake_cloud import FakeCloud, Reply

if TYPE_CHECKING:
    from frontend.client.dumont import Dumont


def test_an_order_sends_only_what_was_said(cloud: FakeCloud, client: Dumont) -> None:
    order = Order(
        want=OfferQuery(gpu_name="H100 SXM", num_gpus=8),
        ports=(8080, 9000),
        env={"A": "b"},
        race=Race(width=5),
        hibernation=Hibernation(idle_minutes=0.2),
    )

    accepted = client.instances.create(order)

    assert accepted.operation.id == "op_1"
    assert cloud.calls("POST", "/api/instances")[0].body == {
        "want": {"gpu_name": "H100 SXM", "num_gpus": 8},
        "ports": [8080, 9000],
        "env": {"A": "b"},
        "race": {"width": 5},
        "hibernation": {"idle_minutes": 0.2},
    }


def test_filters_travel_as_the_api_names_them(cloud: FakeCloud, client: Dumont) -> None:
    found = client.instances.offers(OfferQuery(num_gpus=0, verified_only=True, max_price=2.5))

    (seen,) = cloud.calls("GET", "/api/instances/offers")
    assert seen.query == {"num_gpus": "0", "verified_only": "true", "max_price": "2.5"}
    assert found.items[0].price.total_usd_per_hour == 18.25
    assert found.items[1].cpu_cores is None


def test_what_is_not_known_is_none_and_not_zero(client: Dumont) -> None:
    usage = client.instances.get("inst_1").usage

    assert usage is not None
    assert (usage.gpu_util_percent, usage.gpu_temperature_c) == (91.5, None)


def test_a_silent_machine_tells_since_when(cloud: FakeCloud, client: Dumont) -> None:
    silent = shapes.instance(silent_since=shapes.T1)
    cloud.script("GET", "/api/instances/inst_1", Reply(body=silent))

    assert client.instances.get("inst_1").silent_since == datetime(
        2026, 11, 1, 10, 0, 12, tzinfo=UTC
    )
    assert client.instances.get("inst_1").silent_since is None


def test_metrics_are_asked_for_in_utc_and_keep_what_is_unknown(
    cloud: FakeCloud, client: Dumont
) -> None:
    noon_in_paris = datetime(2026, 11, 1, 12, tzinfo=timezone(timedelta(hours=1)))

    series = client.instances.metrics("inst_1", since=noon_in_paris)

    (seen,) = cloud.calls("GET", "/api/instances/inst_1/metrics")
    assert seen.query == {"since": "2026-11-01T11:00:00+00:00"}
    assert [each.gpu_temperature_c for each in series.items] == [None, None]
    assert series.as_of == series.items[-1].at


def test_cost_lines_keep_their_contract_kind_and_span(client: Dumont) -> None:
    cost = client.instances.cost("inst_1")
    (line,) = cost.lines

    assert (line.contract_id, line.kind, line.usd) == ("9001", "gpu", 1.5025)
    assert line.start == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert (line.billed_usd, line.spans[0].end) == (1.503, None)
    assert (cost.billed_usd, cost.differences[0].billed_usd) == (1.513, 0.01)


def test_lists_are_walked_page_by_page(cloud: FakeCloud, client: Dumont) -> None:
    one, two = shapes.instance(), shapes.instance(id="inst_2")
    cloud.script(
        "GET",
        "/api/instances",
        Reply(body={"items": [one], "next_page_token": "page-2"}),
        Reply(body={"items": [two], "next_page_token": None}),
    )

    found = [each.id for each in client.instances.all()]

    assert found == ["inst_1", "inst_2"]
    assert [each.query.get("page_token") for each in cloud.calls("GET", "/api/instances")] == [
        None,
        "page-2",
    ]


def test_pages_that_go_in_circles_end(cloud: FakeCloud, client: Dumont) -> None:
    page = Reply(body={"items": [], "next_page_token": "again"})
    cloud.script("GET", "/api/instances", *[page] * 5)

    with pytest.raises(UnexpectedAnswer, match="never end"):
        list(client.instances.all())


def test_an_id_cannot_lead_to_another_path(cloud: FakeCloud, client: Dumont) -> None:
    cloud.script("GET", "/api/instances/..%2Fauth%2Fme%3Fx", Reply(body=shapes.instance()))

    client.instances.get("../auth/me?x")

    assert cloud.seen[-1].path == "/api/instances/..%2Fauth%2Fme%3Fx"


def test_destroy_says_what_is_to_be_kept(cloud: FakeCloud, client: Dumont) -> None:
    client.instances.destroy("inst_1", final_snapshot=False, keep_snapshots=False, reason="done")

    (seen,) = cloud.calls("DELETE", "/api/instances/inst_1")
    assert seen.query == {"final_snapshot": "false", "keep_snapshots": "false", "reason": "done"}


def test_a_wake_asks_for_what_was_said(cloud: FakeCloud, client: Dumont) -> None:
    client.instances.wake("inst_1", region="EU")

    assert cloud.calls("POST", "/api/instances/inst_1/wake")[0].body == {"region": "EU"}


def test_timeline_logs_and_snapshots_are_typed(client: Dumont) -> None:
    (event,) = client.instances.events("inst_1")
    logs = list(client.instances.logs("inst_1"))
    (snapshot,) = client.instances.snapshots("inst_1")

    assert (event.kind, event.message) == ("created", "asked for by you")
    assert logs[0].text == "hello"
    assert (snapshot.id, snapshot.instance_id) == ("snap_1", "inst_1")


def test_watching_asks_the_machine_for_fresh_figures(cloud: FakeCloud, client: Dumont) -> None:
    client.instances.get("inst_1")
    client.instances.get("inst_1", watch=True)

    quiet, watched = cloud.calls("GET", "/api/instances/inst_1")
    assert (quiet.query, watched.query) == ({}, {"watch": "true"})

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from frontend.client import errors
from frontend.client.dumont import Dumont
from tests.unit.client.fake_cloud import HTML, FakeCloud, Reply, problem

if TYPE_CHECKING:
    from frontend.client.pace import Pace

PATH = "/api/instances/inst_1"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequest),
        (402, errors.PaymentRequired),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (418, errors.ApiError),
        (422, errors.Invalid),
        (500, errors.ServerFailed),
        (502, errors.ServerFailed),
    ],
)
def test_every_status_is_an_error_of_its_own_with_code_detail_and_trace(
    cloud: FakeCloud, client: Dumont, status: int, kind: type[errors.ApiError]
) -> None:
    cloud.script("GET", PATH, problem(status, "some_code", "Something is so."))

    with pytest.raises(kind) as caught:
        client.instances.get("inst_1")

    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.code) == (status, "some_code")
    assert (str(caught.value), caught.value.trace_id) == ("Something is so.", "trace_1")


def test_the_broken_fields_come_with_a_validation_error(cloud: FakeCloud, client: Dumont) -> None:
    rows = [{"pointer": "/disk_gb", "message": "at least 10"}, "nonsense", {"message": "x"}]
    cloud.script("GET", PATH, problem(422, "invalid", "Not valid.", errors=rows))

    with pytest.raises(errors.Invalid) as caught:
        client.instances.get("inst_1")

    assert caught.value.errors == (
        errors.FieldError("/disk_gb", "at least 10"),
        errors.FieldError("", "x"),
    )


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (HTML, "answered text/html instead of JSON (status 200)"),
        (Reply(404, "gone", "text/plain"), "answered text/plain instead of JSON (status 404)"),
        (Reply(302, None, "", {"Location": "/login"}), "answered nothing instead of JSON"),
        (Reply(200, "{not json"), "answered broken application/json instead of JSON"),
        (Reply(200, "[" * 100_000), "answered broken application/json instead of JSON"),
    ],
)
def test_an_answer_that_is_no_json_asks_whether_this_is_a_dumont_cloud(
    cloud: FakeCloud, client: Dumont, reply: Reply, said: str
) -> None:
    cloud.script("GET", PATH, reply)

    with pytest.raises(errors.NotOurServer, match="is this address a Dumont Cloud") as caught:
        client.instances.get("inst_1")

    assert said in str(caught.value)


@pytest.mark.parametrize(
    "body", [{}, {"id": 5, "state": "running"}, [], None, {"id": "inst_1", "state": None}]
)
def test_json_of_another_shape_is_named_as_a_mismatch_of_versions(
    cloud: FakeCloud, client: Dumont, body: object
) -> None:
    cloud.script("GET", PATH, Reply(body=body or "null" if body is None else body))

    with pytest.raises(errors.UnexpectedAnswer, match="not what this version expects"):
        client.instances.get("inst_1")


def test_a_refusal_without_a_description_is_still_an_error(
    cloud: FakeCloud, client: Dumont
) -> None:
    cloud.script("GET", PATH, Reply(404, {}), Reply(404, []))

    with pytest.raises(errors.NotFound, match="status 404") as caught:
        client.instances.get("inst_1")
    with pytest.raises(errors.UnexpectedAnswer):
        client.instances.get("inst_1")

    assert caught.value.code == "http_404"


def test_an_address_where_nobody_listens_is_unreachable(pace: Pace) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

        with Dumont(url, pace=pace) as client, pytest.raises(errors.Unreachable) as caught:
            client.instances.list()

    assert caught.value.base_url == url


@pytest.mark.parametrize("address", ["", "127.0.0.1:8080", "ftp://host", "http:/x"])
def test_an_address_that_is_no_http_url_is_refused_at_once(address: str) -> None:
    with pytest.raises(errors.Unreachable, match="begins with http"):
        Dumont(address)


def test_new_fields_of_a_newer_server_do_no_harm(cloud: FakeCloud, client: Dumont) -> None:
    body = {"id": "inst_1", "state": "dreaming", "brand_new": {"x": 1}}
    cloud.script("GET", PATH, Reply(body=body))

    instance = client.instances.get("inst_1")

    assert (instance.state, instance.usage, instance.cost_so_far_usd) == ("dreaming", None, None)

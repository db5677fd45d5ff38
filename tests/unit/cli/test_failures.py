from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from tests.unit.client import shapes
from tests.unit.client.fake_cloud import HTML, FakeCloud, Reply, problem

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("logged_in")

LIST = ("GET", "/api/instances")


@pytest.mark.parametrize(
    ("reply", "status", "said"),
    [
        (problem(401, "unauthenticated", "Not logged in."), 3, "dumont login"),
        (problem(402, "insufficient_funds", "Credit is too low."), 1, "Add credit"),
        (problem(403, "forbidden", "Read only."), 1, "Read only."),
        (problem(404, "not_found", "No such thing."), 4, "dumont instance list"),
        (problem(409, "offer_gone", "The offer is gone."), 1, "dumont offers"),
        (problem(422, "invalid", "Not valid."), 2, "trace_1"),
        (problem(500, "internal", "Our side."), 1, "trace id: trace_1"),
        (HTML, 5, "text/html instead of JSON"),
        (Reply(body=[]), 1, "Update whichever is older"),
    ],
)
def test_every_failure_says_what_happened_what_to_do_and_has_its_status(
    run: Run, cloud: FakeCloud, reply: Reply, status: int, said: str
) -> None:
    cloud.script(*LIST, *[reply] * 3)

    ran = run("instance", "list")

    assert ran.status == status
    assert ran.err.startswith("Error: ")
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_broken_fields_are_listed(run: Run, cloud: FakeCloud) -> None:
    rows = [{"pointer": "/disk_gb", "message": "at least 10"}]
    cloud.script("POST", "/api/instances", problem(422, "invalid", "Not valid.", errors=rows))

    ran = run("instance", "create", "--offer", "vast:1", "--disk-gb", "1")

    assert "  /disk_gb: at least 10\n" in ran.err


def test_an_address_where_nobody_listens(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))

        ran = run("--base-url", f"http://127.0.0.1:{taken.getsockname()[1]}", "offers")

    assert ran.status == 5
    assert "dumont up" in ran.err


def test_with_json_a_failure_is_a_document_on_standard_error(run: Run, cloud: FakeCloud) -> None:
    cloud.script(*LIST, problem(404, "not_found", "No such thing."))

    ran = run("instance", "list", "--json")

    assert (ran.status, ran.out) == (4, "")
    assert json.loads(ran.err)["error"]["code"] == "not_found"


def test_an_operation_that_fails_fails_the_command(run: Run, cloud: FakeCloud) -> None:
    error = {"code": "offer_gone", "message": "somebody was faster"}
    failed = {**shapes.operation(1), "state": "failed", "error": error}
    cloud.script("GET", "/api/operations/op_1", Reply(body=failed))

    ran = run("instance", "create", "--offer", "vast:1")

    assert ran.status == 1
    assert "somebody was faster" in ran.err
    assert "dumont instance events inst_1" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("instances",),
        ("offers", "--num-gpus", "many"),
        ("instance", "create"),
        ("instance", "create", "--offer", "vast:1", "--gpu", "H100"),
        ("instance", "create", "--offer", "vast:1", "--env", "novalue"),
        ("instance", "create", "--offer", "vast:1", "--race", "many"),
        ("instance", "show"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_asked(
    run: Run, cloud: FakeCloud, arguments: tuple[str, ...]
) -> None:
    ran = run(*arguments)

    assert ran.status == 2
    assert "Error: " in ran.err
    assert cloud.seen == []


def test_a_defect_is_a_sentence_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("frontend.client.instances.Instances.all", broken)

    ran = run("instance", "list")

    assert ran.status == 1
    assert "a defect of the dumont command: RuntimeError: boom" in ran.err

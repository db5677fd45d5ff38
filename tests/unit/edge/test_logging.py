"""One JSON object per line."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from shared.app.audit.about import about, subject
from shared.domain.principals import Scope
from shared.edge.logging import install
from shared.edge.route import Access
from shared.ports.counting import counted
from tests.unit.auth.world import World
from tests.unit.edge.kit import call, hello, key_of, route

if TYPE_CHECKING:
    import pytest


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_request_is_one_line_with_what_it_cost(capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    headers = key_of(world, "ann", Scope.READ)
    capsys.readouterr()

    answer = call(route(access=Access.USER), world=world, headers=headers)

    (line,) = lines(capsys)
    assert line["severity"] == "INFO"
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/things", 200)
    assert line["trace_id"] == answer.headers["X-Request-Id"]
    assert line["operations"]["reads"] == 1
    assert line["ms"] >= 0


def test_a_token_is_in_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    call(route(), path="/api/things?secret=hush", headers={"Authorization": "Bearer hush"})

    assert "hush" not in capsys.readouterr().out


def test_a_line_break_in_a_path_forges_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    call(route(), path="/api/things/%0A%7B%22severity%22%3A%22CRITICAL%22%7D")

    (line,) = lines(capsys)
    assert line["severity"] == "INFO"


def test_other_loggers_write_in_the_same_form(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "acme")
    install()
    install()

    logging.getLogger("elsewhere").warning("%d gone", 2, extra={"details": {"trace_id": "abc"}})

    (line,) = lines(capsys)
    assert (line["severity"], line["message"], line["logger"]) == ("WARNING", "2 gone", "elsewhere")
    assert line["logging.googleapis.com/trace"] == "projects/acme/traces/abc"


def test_a_function_tells_around_itself_that_it_was_called_and_what_it_sent() -> None:
    with counted() as counts:
        answers = [call(route()), call(route(), path="/api/nothing")]

    heads = sum(len(f"{name}: {value}\r\n") for each in answers for name, value in each.headers)
    assert counts.invocations == 2
    assert counts.sent_bytes == heads + sum(len(each.data) for each in answers)


def test_successes_of_a_frequent_call_are_sampled_and_failures_are_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    world = World()
    frequent = route(logged_one_in=10)

    for _ in range(200):
        call(frequent, world=world)
    sampled = len(lines(capsys))
    for _ in range(5):
        call(frequent, world=world, path="/api/things?unknown=1")

    assert 5 <= sampled <= 45
    assert len(lines(capsys)) == 5


def test_a_line_names_its_function_its_caller_and_the_ids_of_its_path(
    capsys: pytest.CaptureFixture[str],
) -> None:
    world = World()
    headers = key_of(world, "ann", Scope.READ)
    capsys.readouterr()

    path = "/api/things/<thing_id>/<name>"
    call(
        route(path=path, access=Access.USER), path="/api/things/t_1/x", world=world, headers=headers
    )

    (line,) = lines(capsys)
    assert (line["function"], line["thing_id"]) == ("things", "t_1")
    assert line["actor"].startswith("key_")
    assert "name" not in line


def test_what_a_use_case_is_about_is_told_even_when_it_fails(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken(_call: Any) -> Any:
        about(instance_id="inst_1", rental_id=None, epoch=0)
        raise ZeroDivisionError

    call(route(view=broken))

    defect, line = lines(capsys)
    assert defect["severity"] == "ERROR"
    assert "ZeroDivisionError" in defect["stack_trace"]
    assert (line["severity"], line["status"], line["instance_id"]) == ("ERROR", 500, "inst_1")
    assert (line["epoch"], "rental_id" in line) == (0, False)
    assert defect["trace_id"] == line["trace_id"]


def test_a_line_from_deep_inside_carries_the_trace_of_its_request(
    capsys: pytest.CaptureFixture[str],
) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    def talking(_call: Any) -> Any:
        logging.getLogger("deep").warning("look")
        return hello(_call)

    call(route(view=talking), headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})

    assert {line["trace_id"] for line in lines(capsys)} == {trace}


def test_ids_that_are_told_outside_of_any_work_go_nowhere() -> None:
    about(instance_id="inst_1")

    with subject() as ids:
        assert ids == {}

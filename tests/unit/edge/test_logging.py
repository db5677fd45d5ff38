"""One JSON object per line."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from shared.domain.principals import Scope
from shared.edge.logging import install
from shared.edge.route import Access
from tests.unit.auth.world import World
from tests.unit.edge.kit import call, key_of, route

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

"""The one table from errors to problems."""

from __future__ import annotations

import re
from typing import Any

import flask
import pytest

from infra.packaging.manifest import ROOT
from shared.domain import errors
from shared.edge.http import http_function
from shared.edge.problem import kinds_by_code
from tests.unit.edge.kit import call, problem, route

CASES: tuple[tuple[Exception, int, str, float | None], ...] = (
    (errors.Invalid("no", "/name"), 422, "invalid", None),
    (errors.Malformed("no"), 400, "malformed", None),
    (errors.Unauthenticated("no"), 401, "unauthenticated", None),
    (errors.Forbidden("no"), 403, "forbidden", None),
    (errors.NotFound("no"), 404, "not_found", None),
    (errors.Conflicting("no"), 409, "conflict", None),
    (errors.AlreadyTaken("no"), 409, "already_taken", None),
    (errors.OfferGone("no"), 409, "offer_gone", None),
    (errors.InsufficientFunds("no"), 402, "insufficient_funds", None),
    (errors.BudgetExceeded("no"), 402, "budget_exceeded", None),
    (errors.RateLimited("no", 12.4), 429, "rate_limited", 12.4),
    (errors.VersionConflict("no"), 503, "version_conflict", 1),
    (errors.StoreError("no"), 503, "store_unavailable", 5),
    (errors.BusUnavailable("no"), 503, "bus_unavailable", 5),
    (errors.BlobError("no"), 503, "blobs_unavailable", 5),
    (errors.SnapshotCorrupt("no"), 500, "snapshot_corrupt", None),
    (errors.ProviderBusy("no", 3), 503, "provider_busy", 3),
    (errors.ProviderUnknown("no"), 502, "provider_unknown", None),
    (errors.ProviderKeyRejected("no"), 409, "provider_key_rejected", None),
    (errors.ProviderRefused("no", "offer_gone"), 409, "offer_gone", None),
    (errors.ProviderRefused("no", "insufficient_credit"), 402, "insufficient_funds", None),
    (errors.ProviderRefused("no", "invalid"), 422, "provider_refused", None),
    (errors.ProviderRefused("no", "not_found"), 404, "provider_refused", None),
    (errors.ProviderRefused("no", "forbidden"), 403, "provider_refused", None),
    (errors.ProviderRefused("no", "other"), 502, "provider_refused", None),
    (errors.DumontError("no"), 500, "internal", None),
    (ZeroDivisionError("no"), 500, "internal", None),
)


def raising(error: Exception) -> Any:
    def view(_call: object) -> Any:
        raise error

    return view


@pytest.mark.parametrize(("error", "status", "code", "retry_after_s"), CASES)
def test_an_error_becomes_its_problem(
    error: Exception, status: int, code: str, retry_after_s: float | None
) -> None:
    answer = call(route(view=raising(error)))

    body = problem(answer)
    assert (answer.status_code, body["code"]) == (status, code)
    assert body["type"] == f"/api/content/errors#{code}"
    assert body["instance"] == "/api/things"
    assert body.get("retry_after_s") == retry_after_s
    assert ("Retry-After" in answer.headers) == (retry_after_s is not None)


def test_a_wait_is_rounded_up_to_whole_seconds_in_the_header() -> None:
    answer = call(route(view=raising(errors.RateLimited("slow down", 12.4))))

    assert answer.headers["Retry-After"] == "13"


def test_an_invalid_field_is_pointed_at() -> None:
    answer = call(route(view=raising(errors.Invalid("too small", "/disk_gb"))))

    assert problem(answer)["errors"] == [{"pointer": "/disk_gb", "message": "too small"}]


def test_whoever_is_not_logged_in_is_told_how() -> None:
    answer = call(route(view=raising(errors.Unauthenticated("expired"))))

    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("secret"), errors.StoreError("secret"), errors.BlobError("secret")]
)
def test_internals_stay_inside(error: Exception) -> None:
    answer = call(route(view=raising(error)))

    assert b"secret" not in answer.data
    assert b"Traceback" not in answer.data


def test_a_defect_is_logged_with_its_traceback_and_the_trace_id(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = call(route(view=raising(ZeroDivisionError("secret"))))

    logged = capsys.readouterr().out
    assert "Traceback" in logged
    assert answer.headers["X-Request-Id"] in logged


def test_the_documentation_lists_every_code_with_its_status() -> None:
    page = (ROOT / "shared/edge/assets/content/40-errors.md").read_text()
    documented = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", page, re.MULTILINE))

    shown = {code: str(kind.status) for code, kind in kinds_by_code().items()}

    assert documented == shown


def test_a_deployment_that_is_set_up_wrongly_says_nothing_of_how() -> None:
    def broken() -> Any:
        raise ValueError("DUMONT_SECRET is 'hush'")

    app = flask.Flask("function")
    with app.test_request_context("/api/things"):
        answer = http_function((route(),), broken, name="things")(flask.request)

    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert b"hush" not in answer.data

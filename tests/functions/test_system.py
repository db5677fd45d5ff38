"""The system function: what the deployment says of itself."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from infra.packaging.manifest import ROOT
from shared.app.background import record_run
from shared.domain.errors import BlobError, BusUnavailable, StoreError
from shared.domain.principals import Scope
from tests.functions.users import as_user
from tests.unit.edge.kit import key_of, problem

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.functions.conftest import Deployment, Serve


@pytest.fixture
def client(serve: Serve) -> FlaskClient:
    return serve("system")


def test_a_healthy_deployment_says_so(client: FlaskClient) -> None:
    answer = client.get("/health")

    body = answer.get_json()
    assert (answer.status_code, body["status"], body["version"]) == (200, "ok", "0.1.0")
    assert set(body["checks"]) == {"store", "bus", "blobs"}
    assert all(check["ok"] and check["latency_ms"] >= 0 for check in body["checks"].values())
    assert body["time"].endswith("Z")


@pytest.mark.parametrize(
    ("part", "failure"),
    [("store", StoreError("x")), ("bus", BusUnavailable("x")), ("blobs", BlobError("x"))],
)
def test_a_part_that_is_down_makes_it_503_and_is_named(
    client: FlaskClient, services: Deployment, part: str, failure: Exception
) -> None:
    class Away:
        def check(self) -> None:
            raise failure

    setattr(services, part, Away())

    answer = client.get("/health")

    checks = answer.get_json()["checks"]
    assert (answer.status_code, answer.get_json()["status"]) == (503, "degraded")
    assert [name for name, check in checks.items() if not check["ok"]] == [part]


def test_discovery_names_a_base_url_for_each_area(
    client: FlaskClient, services: Deployment
) -> None:
    services.settings = replace(
        services.settings,
        public_url="https://dumont.example",
        area_urls={"instances": "https://instances.example"},
    )

    body = client.get("/.well-known/dumont.json").get_json()

    assert body["areas"]["auth"] == "https://dumont.example"
    assert body["areas"]["instances"] == "https://instances.example"
    assert body["areas"]["snapshots"] == "https://instances.example"
    assert body["version"] == "0.1.0"


def test_background_jobs_show_names_and_health_to_everybody(client: FlaskClient) -> None:
    jobs = client.get("/api/health/agents").get_json()["background_jobs"]

    assert {"name": "tick", "healthy": None} in jobs
    assert all(set(job) == {"name", "healthy"} for job in jobs)


def test_background_jobs_show_more_to_whoever_is_logged_in(
    client: FlaskClient, services: Deployment
) -> None:
    record_run(services, "tick", lambda _services: 3)

    answer = client.get("/api/health/agents", headers=key_of(services, "ann", Scope.READ))

    (tick,) = [job for job in answer.get_json()["background_jobs"] if job["name"] == "tick"]
    assert (tick["healthy"], tick["backlog"], tick["schedule"]) == (True, 3, "* * * * *")
    assert tick["last_success_at"] == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    "path",
    ["/api", "/api/nothing", "/api/v1/nothing", "//api/menu", "/api//menu", "/robots.txt"],
)
def test_everything_else_is_a_404_problem(client: FlaskClient, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 404
    problem(answer)


def test_the_menu_leads_to_pages(client: FlaskClient) -> None:
    items = client.get("/api/menu").get_json()["items"]

    assert len(items) >= 5
    for item in items:
        page = client.get(f"/api/v1/content/{item['path']}").get_json()
        assert page["title"] == item["title"]
        assert page["markdown"].startswith(f"# {item['title']}\n")


def test_a_browser_gets_a_page_as_it_was_written(client: FlaskClient) -> None:
    answer = client.get("/api/content/errors", headers={"Accept": "text/html"})

    assert answer.content_type == "text/markdown; charset=utf-8"
    assert answer.get_data(as_text=True).startswith("# Errors\n")


@pytest.mark.parametrize(
    "path",
    [
        "../main.py",
        "..%2F..%2Fmain.py",
        "%2e%2e/%2e%2e/settings.py",
        "/etc/passwd",
        "%2Fetc%2Fpasswd",
        "errors/../../../functions.json",
        "errors%00",
        "nothing",
        "ERRORS",
        "..\\errors",
    ],
)
@pytest.mark.parametrize("base", ["/api/content/", "/assets/", "/assets/pages/"])
def test_a_path_outside_is_a_404(client: FlaskClient, base: str, path: str) -> None:
    answer = client.get(base + path)

    assert answer.status_code == 404
    problem(answer)


def test_the_reference_is_served_and_cached(client: FlaskClient) -> None:
    first = client.get("/api/openapi.json")

    again = client.get("/api/v1/openapi.json", headers={"If-None-Match": first.headers["ETag"]})

    assert first.get_json()["openapi"] == "3.1.0"
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_reference_pages_load_nothing_from_elsewhere(client: FlaskClient, path: str) -> None:
    answer = client.get(path)

    html = answer.get_data(as_text=True)
    policy = answer.headers["Content-Security-Policy"]
    assert "Dumont Cloud" in html
    assert "script-src 'self';" in policy
    assert "//" not in html.replace("<!doctype html>", "")
    assert "<script>" not in html
    for part in html.split('"'):
        if part.startswith("/assets/"):
            assert client.get(part).status_code == 200


def test_the_first_page_leads_on_and_runs_no_script(client: FlaskClient) -> None:
    answer = client.get("/")

    html = answer.get_data(as_text=True)
    linked = {part.partition("?")[0] for part in html.split('"') if part.startswith("/")}
    own = {path for path in linked if not path.startswith("/api/instances")}
    assert answer.content_type == "text/html; charset=utf-8"
    assert "script" not in answer.headers["Content-Security-Policy"] + html
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert {"/docs", "/redoc", "/health", "/api/instances"} <= linked
    assert {path: client.get(path).status_code for path in own} == dict.fromkeys(own, 200)


def test_vendored_files_come_with_their_licences(client: FlaskClient) -> None:
    for name in ("redoc.LICENSE.txt", "swagger-ui.LICENSE.txt"):
        assert b"icense" in client.get(f"/assets/vendor/{name}").data


def test_deployed_code_knows_only_ids_and_names() -> None:
    digest: dict[str, Any] = json.loads(
        (ROOT / "shared" / "edge" / "assets" / "functions.json").read_text()
    )

    assert set(digest) == {"areas", "background"}


def test_metrics_need_a_key_of_their_own(client: FlaskClient, services: Deployment) -> None:
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers=key_of(services, "a", Scope.READ)).status_code == 403
    assert client.get("/metrics?demo=true").status_code == 401


def test_the_figures_of_everybodys_machines_are_an_operators(
    client: FlaskClient, services: Deployment
) -> None:
    key = as_user(services, "bob", operator=False, scopes=(Scope.METRICS,))

    answer = client.get("/metrics", headers=key)

    assert answer.status_code == 403
    assert "dumont_" not in answer.get_data(as_text=True)


def test_metrics_say_what_is_known_and_nothing_else(
    client: FlaskClient, services: Deployment
) -> None:
    headers = as_user(services, "prometheus", operator=True, scopes=(Scope.METRICS,))

    before = client.get("/metrics", headers=headers)
    record_run(services, "tick", lambda _services: 4)
    services.clock.advance(61)
    after = client.get("/metrics", headers=headers).get_data(as_text=True).splitlines()

    assert before.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert b"dumont_sweep_backlog" not in before.data
    assert 'dumont_instances{state="running"} 0' in after
    assert 'dumont_rentals_open{state="live"} 0' in after
    assert "dumont_sweep_backlog 4" in after
    assert not any(line.startswith("dumont_oldest_lease_seconds ") for line in after)


def test_a_second_scrape_within_a_minute_reads_one_document_of_figures(
    client: FlaskClient, services: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = as_user(services, "prometheus", operator=True, scopes=(Scope.METRICS,))
    client.get("/metrics", headers=headers)
    capsys.readouterr()

    client.get("/metrics", headers=headers)

    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["operations"] == {"reads": 3}  # the key, its owner, the summary

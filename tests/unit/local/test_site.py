"""The built web app in front of the functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from werkzeug.test import Client

from infra.local.gateway import Gateway, Served
from infra.local.site import Site
from infra.packaging.manifest import load
from shared.app.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIEnvironment

    from werkzeug.test import TestResponse

HOST = "127.0.0.1:8080"
PAGE = {"Accept": "text/html,application/xhtml+xml;q=0.9"}


def _stand_in(name: str) -> Served:
    """Answers with the name of the function in whose place it stands."""

    def app(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [name.encode()]

    (function,) = (each for each in load().functions if each.name == name)
    return Served(function, app)


class Browser:
    """Asks the gateway before stand-ins for the functions."""

    def __init__(self, site: Site) -> None:
        served = {name: _stand_in(name) for name in ("system", "auth", "instances")}
        self._client = Client(Gateway(served, _stand_in("agent").app, site))

    def asks(self, path: str, method: str = "GET", **headers: str) -> TestResponse:
        told = {"Host": HOST, **PAGE, **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self._client.open(path, method=method, headers=told)


@pytest.fixture
def site() -> Site:
    url = f"http://{HOST}"
    return Site(Settings("local", url, url, allowed_hosts=("127.0.0.1",)))


@pytest.fixture
def build(tmp_path: Path) -> Path:
    (tmp_path / "site").mkdir()
    (tmp_path / ".vite").mkdir()
    (tmp_path / ".vite" / "manifest.json").write_text("{}")
    (tmp_path / "index.html").write_text("the app")
    (tmp_path / "site" / "index-abc.js").write_text("start()")
    return tmp_path


@pytest.fixture
def browser(site: Site, build: Path) -> Browser:
    site.open(build)
    return Browser(site)


@pytest.mark.parametrize("path", ["/", "/offers", "/instances/inst_1/timeline", "/nowhere"])
def test_a_page_of_the_app_is_its_first_file(browser: Browser, path: str) -> None:
    answer = browser.asks(path)

    assert (answer.text, answer.headers["Cache-Control"]) == ("the app", "no-cache")


def test_what_the_build_names_by_its_content_is_kept_for_ever(browser: Browser) -> None:
    answer = browser.asks("/site/index-abc.js")

    assert answer.text == "start()"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("path", "function"),
    [
        ("/health", "system"),
        ("/docs", "system"),
        ("/assets/pages/dumont.css", "system"),
        ("/api/instances", "instances"),
        ("/api/v1/auth/login", "auth"),
        ("/api/nothing", "system"),
        ("/site/gone-abc.js", "system"),
        ("/.vite/manifest.json", "system"),
        ("/../index.html", "system"),
    ],
)
def test_what_a_function_serves_or_nobody_has_is_the_functions_affair(
    browser: Browser, path: str, function: str
) -> None:
    assert browser.asks(path).text == function


def test_a_program_that_asks_for_an_unknown_path_gets_no_page(browser: Browser) -> None:
    assert browser.asks("/offers", Accept="application/json").text == "system"
    assert browser.asks("/offers", Accept="*/*").text == "system"


def test_only_looks_are_answered(browser: Browser) -> None:
    assert browser.asks("/", method="POST").text == "system"
    head = browser.asks("/", method="HEAD")
    assert (head.status_code, head.text, head.headers["Content-Length"]) == (200, "", "7")


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_a_foreign_host_or_page_is_left_to_the_functions_which_refuse_it(
    browser: Browser, headers: dict[str, str]
) -> None:
    assert browser.asks("/", **headers).text == "system"


def test_nothing_is_run_or_framed_that_is_not_its_own(browser: Browser) -> None:
    policy = browser.asks("/").headers["Content-Security-Policy"]

    directives = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    assert directives["default-src"] == directives["frame-ancestors"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == "'self'"
    assert directives["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in policy


def test_it_says_that_everything_is_at_its_own_origin(browser: Browser) -> None:
    assert browser.asks("/config.json").get_json() == {"areas": {}}


def test_a_page_that_is_known_is_not_sent_again(browser: Browser) -> None:
    etag = browser.asks("/").headers["ETag"]

    again = browser.asks("/", If_None_Match=etag)

    assert (again.status_code, again.text) == (304, "")


def test_without_a_build_the_first_page_is_the_functions(site: Site) -> None:
    assert Browser(site).asks("/").text == "system"


def test_a_build_that_is_made_anew_meanwhile_changes_nothing(browser: Browser, build: Path) -> None:
    (build / "index.html").unlink()

    assert browser.asks("/").text == "the app"

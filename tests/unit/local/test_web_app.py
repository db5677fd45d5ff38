"""The web app comes beside the API, and what keeps it away is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.local import web_app
from infra.local.settings import Local
from infra.local.site import Site
from infra.web.build import NotBuilt
from shared.app.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

URL = "http://127.0.0.1:8080"


def _site() -> Site:
    return Site(Settings("local", URL, URL))


def _local(folder: Path, *, builds: bool) -> Local:
    return Local(8080, folder, None, 1.0, (), builds_site=builds)


def _has_page(site: Site) -> bool:
    return site.has({"REQUEST_METHOD": "GET", "PATH_INFO": "/"})


def test_what_was_built_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index.html").write_text("the app")
    monkeypatch.setattr(web_app, "built", lambda: tmp_path)
    site, told = _site(), list[str]()

    web_app.open_site(site, _local(tmp_path, builds=False), told.append)

    assert told == [f"Web app        {URL}"]
    assert _has_page(site)


def test_a_build_that_fails_leaves_the_api_alone_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> Path:
        raise NotBuilt("there is no Node")

    monkeypatch.setattr(web_app, "is_fresh", lambda: False)
    monkeypatch.setattr(web_app, "ensure_built", fails)
    site, told = _site(), list[str]()

    web_app.open_site(site, _local(tmp_path, builds=True), told.append)

    assert "is being built" in told[0]
    assert told[1] == "No web app, the API is served alone: there is no Node"
    assert not _has_page(site)

"""Reference pages, their files, and the product's documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contract.system import ContentPage, Menu, MenuEntry
from shared.domain.errors import NotFound
from shared.edge.files import File, asset, asyncapi_document, openapi_document, pages
from shared.edge.headers import PAGE_POLICY, REFERENCE_POLICY
from shared.edge.route import Answer, Call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.contract.paging import NoBody, NoQuery

_FRESH: Mapping[str, str] = {"Cache-Control": "public, max-age=300"}


def home(call: Call[NoQuery, NoBody]) -> Answer:
    """What whoever opens the bare address in a browser sees."""
    return _page(call, "pages/home.html", PAGE_POLICY)


def docs(call: Call[NoQuery, NoBody]) -> Answer:
    return _page(call, "pages/docs.html", REFERENCE_POLICY)


def redoc(call: Call[NoQuery, NoBody]) -> Answer:
    return _page(call, "pages/redoc.html", REFERENCE_POLICY)


def asset_file(call: Call[NoQuery, NoBody]) -> Answer:
    found = asset(call.path["name"])
    if found is None:
        raise NotFound("There is no such file.")
    return _file(call, found, _FRESH)


def openapi(call: Call[NoQuery, NoBody]) -> Answer:
    return _file(call, openapi_document(), _FRESH)


def asyncapi(call: Call[NoQuery, NoBody]) -> Answer:
    """The events that other systems may subscribe to, and those that they may publish."""
    return _file(call, asyncapi_document(), _FRESH)


def menu(_call: Call[NoQuery, NoBody]) -> Menu:
    return Menu(items=tuple(MenuEntry(title=page.title, path=page.path) for page in pages()))


def content(call: Call[NoQuery, NoBody]) -> Answer:
    """The page as JSON, or as plain Markdown for whoever does not ask for JSON by name."""
    wanted = call.path["path"].rstrip("/").removesuffix(".md")
    found = next((page for page in pages() if page.path == wanted), None)
    if found is None:
        raise NotFound("There is no such page.")
    accepted = call.headers.get("accept", "")
    if "text/markdown" in accepted or "text/html" in accepted:
        return Answer(text=found.markdown, media_type="text/markdown; charset=utf-8")
    return Answer(ContentPage(path=found.path, title=found.title, markdown=found.markdown))


def _page(call: Call[NoQuery, NoBody], name: str, policy: str) -> Answer:
    found = asset(name)
    if found is None:
        raise NotFound("There is no such page.")
    return _file(call, found, {**_FRESH, "Content-Security-Policy": policy})


def _file(call: Call[NoQuery, NoBody], file: File, headers: Mapping[str, str]) -> Answer:
    known = call.headers.get("if-none-match", "")
    told = {**headers, "ETag": file.etag}
    if file.etag in [each.strip().removeprefix("W/") for each in known.split(",")]:
        return Answer(status=304, headers=told)
    return Answer(text=file.content, media_type=file.media_type, headers=told)

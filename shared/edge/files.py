"""The files that we serve ourselves: pages, their scripts, the product's documentation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from shared.app.background import BackgroundFunction
from shared.domain.frozen import dataclass

ASSETS = Path(__file__).parent / "assets"
_SERVED = ("vendor", "pages")
_MEDIA_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
}


@dataclass(frozen=True, slots=True)
class File:
    content: bytes
    media_type: str
    etag: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the documentation; its title is its first heading."""

    path: str
    title: str
    markdown: str


@dataclass(frozen=True, slots=True)
class Deployed:
    """What deployed code knows of the manifest."""

    areas: Mapping[str, str]  # area -> the function that serves it
    background: tuple[BackgroundFunction, ...]


def asset(name: str) -> File | None:
    """A file by its name under /assets, or None. Names are looked up, never joined to a path."""
    path = _assets().get(name)
    return _read(path) if path else None


@cache
def pages() -> tuple[Page, ...]:
    """The documentation in reading order: the files' own order, by their leading number."""
    return tuple(_page(path) for path in sorted((ASSETS / "content").glob("*.md")))


@cache
def deployed() -> Deployed:
    digest = json.loads((ASSETS / "functions.json").read_text())
    background = tuple(BackgroundFunction(**each) for each in digest["background"])
    return Deployed(digest["areas"], background)


@cache
def openapi_document() -> File:
    return _read(ASSETS / "openapi.json")


@cache
def asyncapi_document() -> File:
    return _read(ASSETS / "asyncapi.json")


@cache
def _assets() -> Mapping[str, Path]:
    return {
        path.relative_to(ASSETS).as_posix(): path
        for folder in _SERVED
        for path in (ASSETS / folder).rglob("*")
        if path.is_file() and path.suffix in _MEDIA_TYPES
    }


@cache
def _read(path: Path) -> File:
    content = path.read_bytes()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return File(content, _MEDIA_TYPES[path.suffix], etag)


def _page(path: Path) -> Page:
    markdown = path.read_text()
    title = markdown.partition("\n")[0].removeprefix("# ").strip()
    return Page(path.stem.partition("-")[2], title, markdown)

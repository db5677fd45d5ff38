"""The built web app before the functions, as in the cloud a bucket stands before them."""

from __future__ import annotations

import hashlib
import mimetypes
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.edge.headers import require_own_host, standing_headers
from shared.edge.problem import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIEnvironment

    from shared.app.settings import Settings

# The page says the same of itself in a meta element, but may call any https there: which origins
# are ours is only known here.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HASHED = "/site/"  # the build names these by their content
FIRST_PAGE = "/index.html"
# Everything is behind this one origin.
CONFIG = b'{"areas": {}}\n'
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_TYPES = {".js": "text/javascript; charset=utf-8", ".html": "text/html; charset=utf-8"}
_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    media_type: str
    etag: str


class Site:
    """WSGI. Closed until there is a build to serve: `open` may be called while others ask.

    What it serves it has read before: a build that is made anew meanwhile changes nothing.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._files: Mapping[str, _File] = {}

    def open(self, folder: Path) -> None:
        """Serve the build in this folder from now on. Raises OSError."""
        paths = (path for path in folder.rglob("*") if path.is_file())
        shown = [path for path in paths if not path.relative_to(folder).as_posix().startswith(".")]
        files = {f"/{path.relative_to(folder).as_posix()}": _read(path) for path in shown}
        self._files = {**files, "/config.json": _file(CONFIG, "application/json")}

    def has(self, environ: WSGIEnvironment) -> bool:
        """Whether this is the first page or one of its files."""
        path = environ.get("PATH_INFO", "/")
        return (path == "/" or path in self._files) and self._may_answer(environ)

    def shows(self, environ: WSGIEnvironment) -> bool:
        """Whether a person's browser asks for a page that only the app itself knows."""
        path = environ.get("PATH_INFO", "/")
        is_page = "." not in path.rpartition("/")[2] and not path.startswith("/api")
        return is_page and self._may_answer(environ) and "text/html" in _accepted(environ)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        file = self._files.get(path) or self._files[FIRST_PAGE]
        headers = {
            **standing_headers(self._settings, secrets.token_hex(16), ""),
            "Content-Security-Policy": POLICY,
            "Content-Type": file.media_type,
            "Cache-Control": _FOR_EVER if path.startswith(HASHED) else _ASK_AGAIN,
            "ETag": file.etag,
        }
        if environ.get("HTTP_IF_NONE_MATCH") == file.etag:
            start_response("304 Not Modified", list(headers.items()))
            return []
        headers["Content-Length"] = str(len(file.content))
        start_response("200 OK", list(headers.items()))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [file.content]

    def _may_answer(self, environ: WSGIEnvironment) -> bool:
        """A foreign host is left to the functions, which refuse it."""
        if not self._files or environ["REQUEST_METHOD"] not in _METHODS:
            return False
        try:
            require_own_host(
                self._settings, environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN", "")
            )
        except Refusal:
            return False
        return True


def _accepted(environ: WSGIEnvironment) -> str:
    accepted: str = environ.get("HTTP_ACCEPT", "")
    return accepted


def _read(path: Path) -> _File:
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _file(path.read_bytes(), _TYPES.get(path.suffix, guessed))


def _file(content: bytes, media_type: str) -> _File:
    return _File(content, media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')

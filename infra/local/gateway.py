"""Every function behind one port, as the platform would serve each behind its own URL."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from wsgiref.types import WSGIApplication

import functions_framework

from infra.packaging.manifest import Function, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from infra.local.site import Site

BLOBS = "/blobs"
V1 = "/api/v1"


@dataclass(frozen=True, slots=True)
class Served:
    """One function as functions-framework loaded it from its own main.py."""

    function: Function
    app: WSGIApplication


def load_functions(manifest: Manifest) -> dict[str, Served]:
    """Each by its name; a signature that fits its trigger is functions-framework's affair."""
    loaded = {}
    for function in manifest.functions:
        signature = "cloudevent" if function.topic else "http"
        app = functions_framework.create_app(function.name, str(function.source), signature)
        loaded[function.name] = Served(function, app)
    return loaded


class Gateway:
    """WSGI: a path of the manifest goes to its function, `/blobs` to the blob server.

    The site comes first where it has the file, and last where a browser asks for a page that no
    function has. Functions behind topics and schedules have no path: nobody reaches them from
    outside.
    """

    def __init__(
        self, served: dict[str, Served], blobs: WSGIApplication, site: Site | None = None
    ) -> None:
        self._open = [each for each in served.values() if each.function.paths]
        self._fallback = served["system"].app
        self._blobs = blobs
        self._site = site

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # The platform names each call; without a name functions-framework makes one up, slowly.
        environ.setdefault("HTTP_FUNCTION_EXECUTION_ID", secrets.token_hex(6))
        path = environ.get("PATH_INFO", "/")
        if path == BLOBS or path.startswith(f"{BLOBS}/"):
            return self._blobs(environ, start_response)
        return self._app_for(path, environ)(environ, start_response)

    def _app_for(self, path: str, environ: WSGIEnvironment) -> WSGIApplication:
        site = self._site
        if site is not None and site.has(environ):
            return site
        plain = "/api" + path[len(V1) :] if path == V1 or path.startswith(f"{V1}/") else path
        for each in self._open:
            if each.function.serves(plain):
                return each.app
        return site if site is not None and site.shows(environ) else self._fallback

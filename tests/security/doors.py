"""Every door of the product: each function of the manifest as it is served, and its routes."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import functions_framework

from infra.packaging.manifest import Function, load
from shared.agent_wire import codec
from shared.agent_wire import messages as wire
from shared.edge.route import Access, Route

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

MANIFEST = load()
BODILESS = frozenset({"GET", "HEAD", "DELETE"})
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Door:
    """One route of one function, and what a test may say of it."""

    function: str
    route: Route

    @property
    def name(self) -> str:
        return f"{self.route.method} {self.route.path}"

    def body(self, **changes: Any) -> dict[str, Any]:
        """The documented example, with the values that the example's own fields are to have."""
        example = dict(self.route.example or {})
        return example | {each: value for each, value in changes.items() if each in example}


def doors(*access: Access) -> tuple[Door, ...]:
    """Those that are open to these kinds of caller; without a kind, all of them."""
    return tuple(door for door in _doors() if not access or door.route.access in access)


@cache
def _doors() -> tuple[Door, ...]:
    return tuple(
        Door(function.name, route)
        for function in MANIFEST.functions
        if function.paths
        for route in importlib.import_module(f"functions.{function.name}.main").ROUTES
    )


def background() -> tuple[Function, ...]:
    return tuple(each for each in MANIFEST.functions if not each.paths)


@cache
def served(name: str) -> FlaskClient:
    """The function as the framework loads it; its services are those of the moment."""
    (function,) = [each for each in MANIFEST.functions if each.name == name]
    signature = "cloudevent" if function.topic else "http"
    app = functions_framework.create_app(name, str(function.source), signature)
    client: FlaskClient = app.test_client()
    return client


def knock(
    door: Door,
    headers: Mapping[str, str] = NOTHING,
    *,
    values: Mapping[str, str] = NOTHING,
    query: str = "",
    body: Mapping[str, Any] | None = None,
    method: str = "",
    prefix: str = "/api/",
) -> TestResponse:
    """Call the route with its example body; what its path names is in `values`."""
    path = filled(door.route.path, values)
    path = prefix + path.removeprefix("/api/") if path.startswith("/api/") else path
    sent: dict[str, Any] = {"headers": dict(headers), "query_string": query}
    verb = method or door.route.method
    if door.route.access is Access.MACHINE:
        sent["data"] = agent_body(door.route.path)
    elif verb not in BODILESS and verb != "OPTIONS":
        sent["json"] = dict(body) if body is not None else door.body()
    return served(door.function).open(path, method=verb, **sent)


def filled(path: str, values: Mapping[str, str]) -> str:
    """The path with a value for each of its names; `unknown` for what is not told."""
    parts = path.split("/")
    for position, part in enumerate(parts):
        if part.startswith("<"):
            name = part.strip("<>").rpartition(":")[2]
            parts[position] = values.get(name, "unknown")
    return "/".join(parts)


def names_of(door: Door) -> Iterator[str]:
    for part in door.route.path.split("/"):
        if part.startswith("<"):
            yield part.strip("<>").rpartition(":")[2]


def agent_body(path: str, bootstrap: str = "nobody.made.this") -> str:
    """What a machine would say there, under a bootstrap token where one goes with the body."""
    said: Mapping[str, object] = {
        wire.PATH_HELLO: wire.HelloRequest(bootstrap, "key", "boot", "1", "3.12", 0.0),
        wire.PATH_BOOT_FAILED: wire.BootFailed(bootstrap, "no python"),
        wire.PATH_HEARTBEAT: wire.HeartbeatRequest(state_seq=1, clock=0.0),
        wire.PATH_EVENTS: wire.EventsRequest(events=()),
        wire.PATH_UPLOADS: wire.UploadsRequest(snapshot_id="snap_1"),
    }
    return codec.encode(said[path])


def kept(store: Any, *besides: str) -> dict[str, str]:
    """Everything in the store, by collection and key, but for the collections `besides`."""
    return {
        f"{collection}/{key}": f"{kept.version} {kept.body}"
        for collection, table in store.copy().items()
        if collection not in besides
        for key, kept in table.items()
    }

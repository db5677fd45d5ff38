"""A function with one's own routes, called as the framework calls it, on fakes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import flask

from shared.adapters.embedded.store import EmbeddedStore
from shared.app.settings import Settings
from shared.edge.http import http_function
from tests.fakes.clock import FakeClock, SeededIds

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from shared.edge.route import Route
    from shared.ports.store import Store

SETTINGS = Settings(
    deployment_id="test", public_url="http://127.0.0.1:8080", agent_url="http://127.0.0.1:8080"
)


class PlainSecrets:
    """Seals by writing the context in front: a reader under another context is found out."""

    def seal(self, plain: str, context: str) -> str:
        return f"{context}|{plain}"

    def open(self, sealed: str, context: str) -> str:
        found, _, plain = sealed.partition("|")
        assert found == context
        return plain


@dataclass
class Outside:
    """The services that the edge itself touches."""

    settings: Settings = SETTINGS
    clock: FakeClock = field(default_factory=FakeClock)
    ids: SeededIds = field(default_factory=SeededIds)
    secrets: PlainSecrets = field(default_factory=PlainSecrets)
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = EmbeddedStore(":memory:", self.clock)


def call(
    routes: tuple[Route, ...], method: str, path: str, outside: Any = None, **request: Any
) -> TestResponse:
    """One request to a function with these routes; the answer as a caller gets it."""
    provided = outside or Outside()
    target = http_function(routes, lambda: provided)
    app = flask.Flask("function")
    app.url_map.merge_slashes = False

    @app.route("/", defaults={"path": ""}, methods=_METHODS)
    @app.route("/<path:path>", methods=_METHODS)
    def run(path: str) -> flask.Response:
        return target(flask.request)

    return app.test_client().open(path, method=method, **request)


_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

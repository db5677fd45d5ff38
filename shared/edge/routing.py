"""From a method and a path to a route. `/api/v1/...` is `/api/...`; nothing redirects."""

from __future__ import annotations

import re
from collections.abc import Mapping

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from shared.domain.frozen import dataclass
from shared.edge.problem import NO_SUCH_PATH, WRONG_METHOD, Refusal
from shared.edge.route import Route

API = "/api/"
API_V1 = "/api/v1/"
# What may stand where a rule has `<name>`: everything we or a provider use as an id. Keys of
# documents are made of these, so nothing else may reach a store.
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:@+-]{0,199}")


@dataclass(frozen=True, slots=True)
class Match:
    route: Route
    values: Mapping[str, str]


class RouteTable:
    """A function's routes. Raises ValueError for two routes of one method and path."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        seen = [(route.method, route.path) for route in routes]
        if len(set(seen)) != len(seen):
            raise ValueError(f"a route is declared twice: {sorted(seen)}")
        self._routes = routes
        # Endpoints are positions: a route holds its example, and is not hashable.
        self._rules = Map(
            [
                Rule(route.path, methods=[route.method], endpoint=position)
                for position, route in enumerate(routes)
            ],
            strict_slashes=False,
            merge_slashes=False,
            redirect_defaults=False,
        ).bind("function")

    def match(self, method: str, path: str) -> Match:
        """The route, with its path's values. Raises Refusal (404; 405 with Allow)."""
        try:
            position, values = self._rules.match(_unversioned(path), method)
        except NotFound:
            raise Refusal(NO_SUCH_PATH, "There is nothing at this path.") from None
        except MethodNotAllowed as error:
            allow = ", ".join(sorted({*(error.valid_methods or ()), "OPTIONS"}))
            raise Refusal(
                WRONG_METHOD, f"This path takes {allow}.", headers={"Allow": allow}
            ) from None
        route = self._routes[position]
        whole = {name for name in values if f"<path:{name}>" in route.path}
        if not all(name in whole or _PLAIN_VALUE.fullmatch(values[name]) for name in values):
            raise Refusal(NO_SUCH_PATH, "There is nothing at this path.")
        return Match(route, values)

    def methods(self, path: str) -> tuple[str, ...]:
        """What the path takes, OPTIONS included. Raises Refusal (404)."""
        allowed = self._rules.allowed_methods(_unversioned(path))
        if not allowed:
            raise Refusal(NO_SUCH_PATH, "There is nothing at this path.")
        return tuple(sorted({*allowed, "OPTIONS"}))


def _unversioned(path: str) -> str:
    """Here rather than by a second rule each: compiling rules is much of a cold start."""
    return API + path.removeprefix(API_V1) if path.startswith(API_V1) else path

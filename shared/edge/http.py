"""A function's HTTP side, written once: route, authenticate, parse, call, answer, log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import flask
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.routing import WebsocketMismatch

from shared.app.audit.about import Id, about, subject
from shared.app.audit.acting import AGENT, ANONYMOUS, acting
from shared.app.rates import count
from shared.app.services import Services
from shared.domain.frozen import dataclass
from shared.edge import headers as heading
from shared.edge.authenticate import authenticate, wants_demo
from shared.edge.idempotency import HEADER as IDEMPOTENCY_KEY
from shared.edge.idempotency import KeyedCall, keyed_call, once
from shared.edge.logging import install, log_call, log_defect
from shared.edge.parsing import parse_body, parse_query, read_body
from shared.edge.problem import MEDIA_TYPE, refusal_of, render
from shared.edge.rates import CallRates, limited_address
from shared.edge.reply import Reply, reply_of
from shared.edge.route import Access, Call, Route
from shared.edge.routing import Match, RouteTable
from shared.edge.tracing import NO_TRACE, given_trace_id, trace_id_of
from shared.ports.counting import OperationCounts, counted, record

if TYPE_CHECKING:
    from pydantic import BaseModel

    from shared.domain.principals import Principal

HttpTarget = Callable[[flask.Request], flask.Response]

MAX_BODY_BYTES = 1 << 20
DEFECT = 500
_READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One request with what is needed to answer it, however it ends."""

    services: Services
    rates: CallRates
    request: flask.Request
    headers: Mapping[str, str]
    trace_id: str
    started_s: float

    @property
    def origin(self) -> str:
        return self.headers.get("origin", "")

    @property
    def limited_address(self) -> str:
        peer = self.request.remote_addr or ""
        return limited_address(self.services.settings, self.headers, peer)


def http_function(
    routes: tuple[Route, ...],
    services: Callable[[], Services],
    *,
    name: str,
    max_body_bytes: int = MAX_BODY_BYTES,
    counts_defects: bool = True,
) -> HttpTarget:
    """What functions-framework calls. Never raises: every failure becomes a problem answer.

    Its defects are counted under the function's `name`, unless somebody else counts them.
    """
    table = RouteTable(routes)
    rates = CallRates()
    install()

    def handle(request: flask.Request) -> flask.Response:
        try:
            provided = services()
        except Exception as error:  # noqa: BLE001 - a deployment that is set up wrongly
            return _out_of_order(request, error)
        with counted() as operations, subject() as ids:
            exchange = _begin(provided, rates, request)
            try:
                reply = _answer(exchange, table, max_body_bytes)
            except HTTPException as error:
                reply = _problem(exchange, refusal_of(error))
            except Exception as error:  # noqa: BLE001 - the one place where all of them end
                reply = _problem(exchange, error)
                if counts_defects and reply.status == DEFECT:
                    _count_defect(provided, name, error)
        _log(exchange, reply, operations, {**ids, "function": name})
        response = _response(exchange, reply)
        record(invocations=1, sent_bytes=_size_of(response))
        return response

    if flask.has_app_context():
        _take_over_dead_ends(handle)
    return handle


def _count_defect(services: Services, name: str, error: Exception) -> None:
    from shared.app.background import record_failure  # noqa: PLC0415 - nobody's, if all is well

    record_failure(services, name, error)


def _take_over_dead_ends(handle: HttpTarget) -> None:
    """Answer ourselves where the framework's own routing would redirect or show a page: doubled
    slashes, line breaks in a path, /robots.txt, a WebSocket. It loads a function inside its
    application.
    """
    app = flask.current_app
    app.url_map.merge_slashes = False
    app.register_error_handler(404, lambda _error: handle(flask.request))
    app.register_error_handler(WebsocketMismatch, lambda _error: handle(flask.request))


def _out_of_order(request: flask.Request, error: Exception) -> flask.Response:
    """Without services there are no settings either: the least that can be said."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    trace_id = given_trace_id(headers) or NO_TRACE
    log_defect("the services of this process cannot be made", error, trace_id)
    rendered = render(RuntimeError(), path=request.path, trace_id=trace_id)
    body = rendered.problem.model_dump_json(exclude_none=True)
    return flask.Response(body, rendered.problem.status, content_type=MEDIA_TYPE)


def _begin(services: Services, rates: CallRates, request: flask.Request) -> _Exchange:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return _Exchange(
        services,
        rates,
        request,
        headers,
        trace_id=trace_id_of(headers, services.ids),
        started_s=services.clock.monotonic_s(),
    )


def _answer(exchange: _Exchange, table: RouteTable, max_body_bytes: int) -> Reply:
    request, settings = exchange.request, exchange.services.settings
    body = read_body(request, max_body_bytes)
    heading.require_own_host(settings, exchange.headers.get("host", ""), exchange.origin)
    exchange.rates.count_address(exchange.services, exchange.limited_address)
    if request.method == "OPTIONS":
        methods = table.methods(request.path)
        return Reply(204, headers=heading.preflight_headers(settings, exchange.origin, methods))
    match = table.match(request.method, request.path)
    ours = match.route.access is not Access.PROXY
    demo = ours and wants_demo(request.method, request.args)
    proof = request.args.get("proof", "")
    principal = authenticate(
        exchange.services, match.route, exchange.headers, demo=demo, proof=proof
    )
    if principal is not None and not principal.demo:
        exchange.rates.count_user(exchange.services, principal.user_id)
    return _call(exchange, match, principal, body)


def _call(exchange: _Exchange, match: Match, principal: Principal | None, body: bytes) -> Reply:
    route, request = match.route, exchange.request
    query = parse_query(route.query, _arguments(route, request))
    # A machine's message is agent_wire's to read, and a scheduler may send anything: their
    # views get it as it was sent.
    raw = match.route.access in {Access.MACHINE, Access.PLATFORM, Access.PROXY}
    content = b"" if raw or request.method in _READING else body
    parsed = parse_body(route.body, content, exchange.headers.get("content-type", ""))
    keyed = _keyed(exchange, match, principal, body)

    def effect() -> Reply:
        _count(exchange, route, principal)
        call: Call[BaseModel | None, BaseModel | None] = Call(
            services=exchange.services,
            principal=principal,
            path=match.values,
            query=query,
            body=parsed,
            headers=exchange.headers,
            remote_addr=_caller_address(exchange),
            trace_id=exchange.trace_id,
            idempotency_id=keyed.id if keyed else "",
            raw_body=body if raw else b"",
            raw_query=request.query_string.decode("latin-1") if raw else "",
        )
        return reply_of(route, route.view(call))

    actor = _actor(match.route, principal)
    about(actor=actor, **_ids_of(match))
    with acting(actor, exchange.trace_id):
        return once(exchange.services, keyed, effect) if keyed else effect()


def _count(exchange: _Exchange, route: Route, principal: Principal | None) -> None:
    """One more of what is limited over all processes; where nobody is known, by nobody."""
    who = principal.user_id if principal else exchange.limited_address
    if route.limited is not None and who:
        count(exchange.services, route.limited, who)


def _arguments(route: Route, request: flask.Request) -> MultiDict[str, str]:
    """What is the route's own affair: neither `demo` nor what a scheduler adds."""
    if route.access in {Access.PLATFORM, Access.PROXY}:
        return MultiDict()
    given = request.args.items(multi=True)
    return MultiDict((name, value) for name, value in given if name != "demo")


def _actor(route: Route, principal: Principal | None) -> str:
    """Whom the audit names: a user by their login, or one of their API keys."""
    if principal is None:
        return AGENT if route.access is Access.MACHINE else ANONYMOUS
    return principal.key_id or principal.user_id


def _keyed(
    exchange: _Exchange, match: Match, principal: Principal | None, body: bytes
) -> KeyedCall | None:
    header = exchange.headers.get(IDEMPOTENCY_KEY)
    if header is None or not match.route.idempotent:
        return None
    route = f"{match.route.method} {match.route.path}"
    values = "/".join(f"{name}={match.values[name]}" for name in sorted(match.values))
    asked = (values.encode(), exchange.request.query_string, body)
    return keyed_call(header, principal.user_id if principal else "", route, asked)


def _caller_address(exchange: _Exchange) -> str:
    return heading.client_address(
        exchange.headers.get("x-forwarded-for", ""),
        exchange.request.remote_addr or "",
        exchange.services.settings.trusted_hops,
    )


def _problem(exchange: _Exchange, error: Exception) -> Reply:
    rendered = render(error, path=exchange.request.path, trace_id=exchange.trace_id)
    if not rendered.expected:
        log_defect(f"{exchange.request.method} failed", error, exchange.trace_id)
    body = rendered.problem.model_dump_json(exclude_none=True).encode()
    return Reply(rendered.problem.status, body, MEDIA_TYPE, rendered.headers)


def _response(exchange: _Exchange, reply: Reply) -> flask.Response:
    standing: Mapping[str, str] = heading.machine_headers()
    if not reply.to_machine:
        settings = exchange.services.settings
        standing = heading.standing_headers(settings, exchange.trace_id, exchange.origin)
    headers = Headers({"Content-Type": reply.media_type, **standing, **reply.headers})
    response = flask.Response(reply.stream or reply.body, reply.status, headers)
    if reply.stream is not None:
        response.call_on_close(reply.stream.close)
    if reply.status == 204:
        del response.headers["Content-Type"]
    return response


def _ids_of(match: Match) -> Mapping[str, str]:
    """Of what the path names; other values of a path may be anything."""
    return {name: value for name, value in match.values.items() if name.endswith("_id")}


def _size_of(response: flask.Response) -> int:
    head = sum(len(name) + len(value) + 4 for name, value in response.headers)
    return head + (response.content_length or 0)


def _log(
    exchange: _Exchange, reply: Reply, operations: OperationCounts, ids: Mapping[str, Id]
) -> None:
    """Successes of a frequent call are sampled by their trace; the rest is always told."""
    if reply.status < 400 and int(exchange.trace_id[:8], 16) % reply.logged_one_in:
        return
    request, clock = exchange.request, exchange.services.clock
    log_call(
        f"{request.method} {request.path} {reply.status}",
        operations,
        level=logging.ERROR if reply.status >= DEFECT else logging.INFO,
        **ids,
        trace_id=exchange.trace_id,
        method=request.method,
        path=request.path,
        status=reply.status,
        ms=round((clock.monotonic_s() - exchange.started_s) * 1000, 1),
    )

"""Foreign hosts and pages are kept away from what does not look for itself."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from shared.edge.headers import require_own_host, standing_headers
from shared.edge.problem import MEDIA_TYPE, Refusal, render

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from shared.app.settings import Settings


def own_pages_only(app: WSGIApplication, settings: Settings) -> WSGIApplication:
    """The application behind the check that every function makes for itself."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host, origin = environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN", "")
        try:
            require_own_host(settings, host, origin)
        except Refusal as refusal:
            answer = _refused(refusal, environ.get("PATH_INFO", "/"), settings)
            return answer(environ, start_response)
        return app(environ, start_response)

    return serve


def _refused(refusal: Refusal, path: str, settings: Settings) -> Response:
    trace_id = secrets.token_hex(16)
    rendered = render(refusal, path=path, trace_id=trace_id)
    return Response(
        rendered.problem.model_dump_json(exclude_none=True),
        rendered.problem.status,
        {**standing_headers(settings, trace_id, ""), **rendered.headers},
        content_type=MEDIA_TYPE,
    )

"""Serves the embedded blobs to grant holders as Cloud Storage's XML API would: WSGI.

`GET|HEAD|PUT /blobs/<key>` with `Authorization: Bearer <grant>`. A PUT must carry
`x-goog-if-generation-match: 0` and its length; it creates, and never replaces.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Protocol, cast

from werkzeug.exceptions import (
    BadRequest,
    Forbidden,
    HTTPException,
    InternalServerError,
    LengthRequired,
    MethodNotAllowed,
    NotFound,
    PreconditionFailed,
    RequestedRangeNotSatisfiable,
    RequestEntityTooLarge,
    Unauthorized,
)
from werkzeug.wrappers import Request, Response
from werkzeug.wsgi import wrap_file

from shared.adapters import blob_keys
from shared.adapters.embedded import grants
from shared.domain.errors import (
    BlobError,
    BlobMissing,
    BlobPrecondition,
    BlobRefused,
    Invalid,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from shared.adapters.embedded.grants import Rights
    from shared.ports.blobs import BlobStat
    from shared.ports.clock import Clock
    from shared.ports.secrets import Secrets

MOUNT = "/blobs/"
_ABSENT = "0"
_CHUNK_BYTES = 256 * 1024


class ServedBlobs(Protocol):
    """What the server needs: EmbeddedBlobs, or a BlobGateway to another store."""

    def stat(self, key: str) -> BlobStat | None: ...

    def open(self, key: str) -> tuple[BlobStat, BinaryIO]:
        """Raises BlobMissing. The caller closes the stream."""

    def create(self, key: str, chunks: Iterable[bytes], *, md5: str | None) -> BlobStat:
        """Raises BlobPrecondition when the key is taken, Invalid when the MD5 is another."""


class BlobServer:
    """A WSGI application; it may stand at the root or be mounted under any path above /blobs."""

    def __init__(self, stored: ServedBlobs, secrets: Secrets, clock: Clock) -> None:
        self._blobs = stored
        self._secrets = secrets
        self._clock = clock

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        try:
            response: Response | HTTPException = self._answer(request)
        except HTTPException as refusal:
            response = refusal
        except (Invalid, BlobError) as error:
            response = _refusal(error)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        key = _key(request)
        rights = self._rights(request)
        if request.method == "PUT":
            rights.require(key, write=True, now=self._clock.now())
            return self._put(request, key, rights)
        if request.method in {"GET", "HEAD"}:
            rights.require(key, write=False, now=self._clock.now())
            return self._get(request, key)
        raise MethodNotAllowed(["GET", "HEAD", "PUT"])

    def _rights(self, request: Request) -> Rights:
        given = request.authorization
        if given is None or given.type != "bearer" or not given.token:
            raise Unauthorized("a grant is needed")
        try:
            return grants.verify(given.token, self._secrets.signing_keys(grants.PURPOSE))
        except BlobRefused as refused:
            raise Unauthorized(str(refused)) from refused

    def _put(self, request: Request, key: str, rights: Rights) -> Response:
        if request.headers.get("x-goog-if-generation-match") != _ABSENT:
            raise BadRequest("objects are only created: x-goog-if-generation-match must be 0")
        size = _announced_size(request)
        if size > rights.max_object_bytes:
            raise RequestEntityTooLarge(f"at most {rights.max_object_bytes} bytes")
        if self._blobs.stat(key) is not None:  # before the body is read, to spare the sender
            raise PreconditionFailed("the key is taken")
        md5 = _announced_md5(request)
        stat = self._blobs.create(key, _body(request, size), md5=md5)
        return Response(status=200, headers=_headers(stat))

    def _get(self, request: Request, key: str) -> Response:
        if request.method == "HEAD":
            stat = self._blobs.stat(key)
            if stat is None:
                raise NotFound("there is no such object")
            return _whole(stat, ())
        stat, file = self._blobs.open(key)
        try:
            return _ranged(request, stat, file)
        except BaseException:
            file.close()
            raise


def _key(request: Request) -> str:
    # WSGI hands the bytes of the path over as Latin-1; the key is what they say in UTF-8.
    path = request.environ.get("SCRIPT_NAME", "") + request.environ.get("PATH_INFO", "")
    try:
        text = path.encode("latin-1").decode("utf-8")
    except UnicodeError as error:
        raise BadRequest("the path is not UTF-8") from error
    _, mount, key = text.partition(MOUNT)
    if not mount:
        raise NotFound("objects are under /blobs/")
    return blob_keys.require_key(key)


def _announced_size(request: Request) -> int:
    announced = request.headers.get("Content-Length", "")
    if not (announced.isascii() and announced.isdigit()):
        raise LengthRequired("the length must be known")
    return int(announced)


def _announced_md5(request: Request) -> str | None:
    announced = request.headers.get("Content-MD5")
    if announced is None:
        return None
    try:
        return base64.b64decode(announced, validate=True).hex()
    except ValueError as error:
        raise BadRequest("Content-MD5 is not base64") from error


def _body(request: Request, size: int) -> Iterator[bytes]:
    left = size
    while left:
        chunk = request.stream.read(min(_CHUNK_BYTES, left))
        if not chunk:
            raise BadRequest("the body ended early")
        left -= len(chunk)
        yield chunk


def _ranged(request: Request, stat: BlobStat, file: BinaryIO) -> Response:
    wanted = request.range
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1:
        return _whole(stat, wrap_file(request.environ, file, _CHUNK_BYTES))
    span = wanted.range_for_length(stat.size_bytes)
    if span is None:
        raise RequestedRangeNotSatisfiable(length=stat.size_bytes)
    start, end = span
    headers = _headers(stat) | {
        "Content-Length": str(end - start),
        "Content-Range": f"bytes {start}-{end - 1}/{stat.size_bytes}",
        "Content-Type": "application/octet-stream",
    }
    span_file = cast("BinaryIO", _Span(file, start, end))
    content = wrap_file(request.environ, span_file, _CHUNK_BYTES)
    return Response(content, 206, headers, direct_passthrough=True)


def _whole(stat: BlobStat, content: Any) -> Response:
    headers = _headers(stat) | {
        "Content-Length": str(stat.size_bytes),
        "Content-Type": "application/octet-stream",
        "Accept-Ranges": "bytes",
    }
    return Response(content, 200, headers, direct_passthrough=True)


class _Span:
    """The bytes `[start, end)` of a file, which is closed with it. A server that can send a file
    without reading it asks for `fileno`, and sends as much as was announced.
    """

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        self._file = file
        self._left = end - start
        file.seek(start)

    def read(self, size: int) -> bytes:
        chunk = self._file.read(min(size, self._left))
        self._left -= len(chunk)
        return chunk

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()


def _headers(stat: BlobStat) -> dict[str, str]:
    md5 = base64.b64encode(bytes.fromhex(stat.md5)).decode()
    return {
        "ETag": f'"{stat.md5}"',
        "x-goog-generation": str(stat.generation),
        "x-goog-hash": f"md5={md5}",
        "Last-Modified": stat.updated_at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
    }


def _refusal(error: Invalid | BlobError) -> HTTPException:
    table: tuple[tuple[type[Exception], type[HTTPException]], ...] = (
        (Invalid, BadRequest),
        (BlobMissing, NotFound),
        (BlobPrecondition, PreconditionFailed),
        (BlobRefused, Forbidden),
    )
    for kind, answer in table:
        if isinstance(error, kind):
            return answer(str(error))
    return InternalServerError("the object could not be read or written")

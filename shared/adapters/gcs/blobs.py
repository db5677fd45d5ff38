"""Objects in one bucket of Cloud Storage."""

from __future__ import annotations

import base64
import os
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage

from shared.adapters import blob_keys
from shared.adapters.gcs import boundary
from shared.domain.errors import BlobError, BlobMissing, BlobPrecondition, BlobRefused
from shared.ports.blobs import BlobGrant, BlobStat
from shared.ports.counting import record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.ports.clock import Clock

_TIMEOUT_S = 60.0
_LONGEST_GRANT_S = 3600  # a downscoped token lives no longer
_EMULATOR = "STORAGE_EMULATOR_HOST"
_CONTENT_TYPE = "application/octet-stream"


class GcsBlobs:
    """The Blobs port. With STORAGE_EMULATOR_HOST in the environment it speaks to that server.

    A grant's largest size is not enforced by Cloud Storage, and its token lives as long as
    Google gives it, at most an hour: `expires_at` is when its holder must have a new one.
    """

    def __init__(self, bucket: str, clock: Clock, *, project: str) -> None:
        self._clock = clock
        self._emulator = os.environ.get(_EMULATOR)
        anonymous = AnonymousCredentials() if self._emulator else None
        with _translated():
            self._client = storage.Client(project=project, credentials=anonymous)
        self._bucket = self._client.bucket(bucket)

    def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        blob_keys.require_range(start, length)
        blob = self._bucket.blob(blob_keys.require_key(key))
        if length == 0:
            self._require(key)
            return b""
        last = start + length - 1 if length is not None else None
        ranged = {} if start == 0 and last is None else {"start": start, "end": last}
        record(class_b=1)
        try:
            with _translated():
                content: bytes = blob.download_as_bytes(timeout=_TIMEOUT_S, **ranged)
        except BlobError as error:
            if _is_beyond_the_end(error):
                return b""
            raise
        record(get_bytes=len(content))
        return content

    def stat(self, key: str) -> BlobStat | None:
        blob_keys.require_key(key)
        record(class_b=1)
        with _translated():
            blob = self._bucket.get_blob(key, timeout=_TIMEOUT_S)
        return _stat(blob) if blob is not None else None

    def put_new(self, key: str, content: bytes) -> BlobStat:
        return self.put(key, content, generation=0)

    def put(self, key: str, content: bytes, *, generation: int | None = None) -> BlobStat:
        blob = self._bucket.blob(blob_keys.require_key(key))
        record(class_a=1)
        with _translated():
            # Sent once: a repeated create that had worked would find its own object in the way.
            blob.upload_from_string(
                content,
                content_type=_CONTENT_TYPE,
                if_generation_match=generation,
                timeout=_TIMEOUT_S,
                retry=None,
            )
        record(put_bytes=len(content))
        return _stat(blob)

    def list(self, prefix: str) -> Iterator[BlobStat]:
        with _translated():
            pages = self._client.list_blobs(self._bucket, prefix=prefix, timeout=_TIMEOUT_S).pages
            for page in pages:
                record(class_a=1)
                yield from [_stat(blob) for blob in page]

    def delete(self, key: str, *, generation: int | None = None) -> None:
        blob = self._bucket.blob(blob_keys.require_key(key))
        try:
            with _translated():
                blob.delete(if_generation_match=generation, timeout=_TIMEOUT_S, retry=None)
        except BlobMissing:
            return
        except BlobPrecondition:
            # Some servers say this of a missing object too, which the port calls success.
            if self.stat(key) is not None:
                raise

    def grant(self, prefix: str, *, write: bool, seconds: int, max_object_bytes: int) -> BlobGrant:
        blob_keys.require_prefix(prefix)
        wanted = self._clock.now() + timedelta(seconds=min(seconds, _LONGEST_GRANT_S))
        token, token_ends = self._token(prefix, write=write)
        expires_at = min(wanted, token_ends) if token_ends is not None else wanted
        host = self._emulator or "https://storage.googleapis.com"
        base_url = f"{host.rstrip('/')}/{self._bucket.name}"
        return BlobGrant(base_url, token, prefix, write, max_object_bytes, expires_at)

    def check(self) -> None:
        record(class_a=1)
        with _translated():
            list(self._client.list_blobs(self._bucket, max_results=1, timeout=5.0))

    def close(self) -> None:
        self._client.close()

    def _require(self, key: str) -> None:
        if self.stat(key) is None:
            raise BlobMissing(f"there is no object {key!r}")

    def _token(self, prefix: str, *, write: bool) -> tuple[str, datetime | None]:
        """A token for the prefix, and when it ends; the emulator asks for none and checks none."""
        if self._emulator:
            return "anonymous", None
        import google.auth
        from google.auth import downscoped
        from google.auth.transport.requests import Request

        rule = downscoped.AccessBoundaryRule(
            available_resource=boundary.available_resource(self._bucket.name),
            available_permissions=boundary.permissions(write=write),
            availability_condition=downscoped.AvailabilityCondition(
                boundary.condition(self._bucket.name, prefix)
            ),
        )
        with _translated():
            source, _ = google.auth.default(
                scopes=["https://www.googleapis.com/auth/devstorage.read_write"]
            )
            limited = downscoped.Credentials(
                source_credentials=source,
                credential_access_boundary=downscoped.CredentialAccessBoundary(rules=[rule]),
            )
            limited.refresh(Request())
        ends = limited.expiry
        return str(limited.token), ends.replace(tzinfo=UTC) if ends is not None else None


def _stat(blob: Any) -> BlobStat:
    if not blob.md5_hash:
        raise BlobError(f"{blob.name!r} has no MD5: it was composed by somebody else")
    md5 = base64.b64decode(blob.md5_hash).hex()
    return BlobStat(blob.name, int(blob.size), md5, int(blob.generation), blob.updated)


def _is_beyond_the_end(error: BlobError) -> bool:
    return isinstance(error.__cause__, exceptions.RequestRangeNotSatisfiable)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except exceptions.NotFound as error:
        raise BlobMissing(str(error)) from error
    except exceptions.PreconditionFailed as error:
        raise BlobPrecondition(str(error)) from error
    except (exceptions.Forbidden, exceptions.Unauthorized) as error:
        raise BlobRefused(str(error)) from error
    except (exceptions.GoogleAPIError, GoogleAuthError, OSError, ValueError) as error:
        # OSError: the transport's own, when there was no answer at all.
        raise BlobError(f"Cloud Storage: {error}") from error

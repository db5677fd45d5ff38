"""Immutable objects by key. The agent uses the same port over HTTP with a grant.

Runs on the rented machine too: Python 3.10, standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class BlobStat:
    """What the store says of an object. `md5` is 32 hex digits of the bytes as stored."""

    key: str
    size_bytes: int
    md5: str
    generation: int
    updated_at: datetime


class BlobReader(Protocol):
    def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        """The bytes `[start, start + length)`, to the end without a length.

        Raises BlobMissing, BlobRefused, or BlobError when the answer was cut or unclear.
        """

    def stat(self, key: str) -> BlobStat | None: ...


class BlobWriter(Protocol):
    def put_new(self, key: str, content: bytes) -> BlobStat:
        """Create the object; whole or not at all.

        Raises BlobPrecondition when the key is taken, BlobRefused, or BlobError when it is
        unknown whether it was stored.
        """


class BlobClient(BlobReader, BlobWriter, Protocol):
    """What a snapshot needs: no listing, no overwriting, no deleting."""


class Blobs(BlobClient, Protocol):
    """What the control plane has."""

    def put(self, key: str, content: bytes, *, generation: int | None = None) -> BlobStat:
        """Write; with a `generation` only over that one. Raises BlobPrecondition, BlobError."""

    def list(self, prefix: str) -> Iterator[BlobStat]:
        """Every object under the prefix, by key, complete as of each page."""

    def delete(self, key: str, *, generation: int | None = None) -> None:
        """Remove; a missing object is success. Raises BlobPrecondition, BlobError."""

    def grant(self, prefix: str, *, write: bool, seconds: int, max_object_bytes: int) -> BlobGrant:
        """Let a bearer read, and with `write` also create, under exactly this prefix."""

    def check(self) -> None:
        """Prove that the store answers. Raises BlobError."""


@dataclass(frozen=True)
class BlobGrant:
    """Rights that can be handed to a machine.

    `GET|PUT {base_url}/{key}` with `Authorization: Bearer {token}`; a PUT carries
    `x-goog-if-generation-match: 0`. This is Cloud Storage's XML API; the embedded server
    speaks the same. Keys are whole (they include the prefix).
    """

    base_url: str
    token: str
    prefix: str
    write: bool
    max_object_bytes: int
    expires_at: datetime

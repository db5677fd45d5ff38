"""The data key of a prefix, kept wrapped in the store beside what it seals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.errors import BlobMissing, BlobPrecondition
from shared.snapshot.sealed.keys import DataKey, MasterKeys, new_data_key, unwrapped
from shared.snapshot.sealed.model import WrappedKey

if TYPE_CHECKING:
    from shared.ports.blobs import BlobClient


def key_object(prefix: str) -> str:
    return f"{prefix}key"


def stored_data_key(blobs: BlobClient, prefix: str, master: bytes) -> DataKey:
    """The prefix's data key, made at the first call and the same from then on.

    To be called before anybody else may write under the prefix: what another put there does not
    unwrap. Raises SnapshotKeyMissing for a key that another master key wrapped, BlobError.
    """
    found = _found(blobs, prefix, master)
    if found is not None:
        return found
    made = new_data_key(master, prefix)
    try:
        blobs.put_new(key_object(prefix), made.wrapped)
    except BlobPrecondition:
        found = _found(blobs, prefix, master)
        if found is None:
            raise
        return found
    return made


def _found(blobs: BlobClient, prefix: str, master: bytes) -> DataKey | None:
    try:
        wrapped = blobs.get(key_object(prefix))
    except BlobMissing:
        return None
    return DataKey(prefix, unwrapped(master, WrappedKey(prefix, wrapped)), wrapped)


class StoredKeys(MasterKeys):
    """For whoever has the master key and the store: one data key for each prefix."""

    def __init__(self, master: bytes, blobs: BlobClient) -> None:
        super().__init__(master)
        self._blobs = blobs
        self._wrapping = master

    def own(self, prefix: str) -> DataKey:
        return stored_data_key(self._blobs, prefix, self._wrapping)

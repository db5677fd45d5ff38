"""The snapshot engine's proof behind its port, over whatever holds the blobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.errors import SnapshotCorrupt
from shared.ports.snapshots import StoredObject, VerifiedSnapshot
from shared.snapshot.manifest import Pack
from shared.snapshot.proof import references, reread, verify

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.ports.blobs import BlobReader


class EngineVerifier:
    """Implements SnapshotVerifier. Needs no key: what it asks is in the clear in every format."""

    def __init__(self, blobs: BlobReader) -> None:
        self._blobs = blobs

    def verify(
        self, manifest_key: str, manifest_md5: str, proven_manifests: Iterable[str]
    ) -> VerifiedSnapshot:
        known = frozenset(
            each for proven in proven_manifests for each in references(self._blobs, proven).objects
        )
        found = verify(manifest_key, self._blobs, known)
        if manifest_md5 and found.md5 != manifest_md5:
            raise SnapshotCorrupt(f"{manifest_key} is not the manifest that was reported")
        keys = tuple((prefix, _text(wrapped)) for prefix, wrapped in found.wrapped_keys)
        return VerifiedSnapshot(size_bytes=found.size_bytes, files=found.files, keys=keys)

    def packs_of(self, manifest_key: str) -> frozenset[str]:
        return frozenset(each.key for each in references(self._blobs, manifest_key).objects)

    def objects_of(self, manifest_key: str) -> tuple[StoredObject, ...]:
        found = references(self._blobs, manifest_key).objects
        return tuple(
            StoredObject(each.key, each.size_bytes, each.md5)
            for each in sorted(found, key=lambda pack: pack.key)
        )

    def fault_of(self, stored: StoredObject) -> str:
        pack = Pack(stored.key, stored.size_bytes, stored.md5)
        return reread([pack], self._blobs).get(pack, "")


def _text(wrapped: bytes) -> str:
    """As we handed it out. Whatever else a machine wrote is nothing that we know."""
    return wrapped.decode("utf-8", "replace")

"""The snapshot engine's proof behind its port, over whatever holds the blobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.errors import SnapshotCorrupt
from shared.ports.snapshots import VerifiedSnapshot
from shared.snapshot.verify import load_manifest, verify

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.ports.blobs import BlobReader


class EngineVerifier:
    """Implements SnapshotVerifier."""

    def __init__(self, blobs: BlobReader) -> None:
        self._blobs = blobs

    def verify(
        self, manifest_key: str, manifest_md5: str, proven_manifests: Iterable[str]
    ) -> VerifiedSnapshot:
        known = frozenset(
            pack for proven in proven_manifests for pack in load_manifest(self._blobs, proven).packs
        )
        found = verify(manifest_key, self._blobs, known)
        if manifest_md5 and found.manifest_md5 != manifest_md5:
            raise SnapshotCorrupt(f"{manifest_key} is not the manifest that was reported")
        manifest = found.manifest
        return VerifiedSnapshot(size_bytes=manifest.size_bytes, files=manifest.files)

    def packs_of(self, manifest_key: str) -> frozenset[str]:
        return frozenset(pack.key for pack in load_manifest(self._blobs, manifest_key).packs)

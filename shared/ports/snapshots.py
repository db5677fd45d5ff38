"""Proof that a snapshot is whole, seen from the control plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shared.domain.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class VerifiedSnapshot:
    """`size_bytes` is what a restore brings back; `keys` is what it is sealed with, as its
    machine was given it: where it lies, and the sealed key. None for what is not encrypted.
    """

    size_bytes: int
    files: int
    keys: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StoredObject:
    """`md5` is 32 hex digits of the bytes as they were written."""

    key: str
    size_bytes: int
    md5: str


class SnapshotVerifier(Protocol):
    def verify(
        self, manifest_key: str, manifest_md5: str, proven_manifests: Iterable[str]
    ) -> VerifiedSnapshot:
        """Parse the manifest and find every pack it names, with its size and checksum.

        Packs of `proven_manifests` (verified before) are not asked for again. Raises
        SnapshotCorrupt for what is missing or different, BlobError when the store is away.
        """

    def packs_of(self, manifest_key: str) -> frozenset[str]:
        """The keys of every pack that a manifest refers to. Raises SnapshotCorrupt, BlobError."""

    def objects_of(self, manifest_key: str) -> tuple[StoredObject, ...]:
        """All that a restore needs beside the manifest, by key. Raises as `packs_of`."""

    def fault_of(self, stored: StoredObject) -> str:
        """Read every byte: what is wrong with it, "" for nothing. Raises BlobError."""

"""Where a new machine gets the agent from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.errors import BlobMissing
from shared.domain.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.app.services import Services

PREFIX = "agent/"
POINTER = "agent/current"
GRANT_S = 3600
MAX_BUNDLE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BundleSource:
    url: str
    sha256: str
    bearer: str


def publish_bundle(
    services: Services, bundle: bytes, sha256: str, packs: Mapping[str, bytes] | None = None
) -> None:
    """Put the agent where machines fetch it; the same bundle twice is one object.

    `packs` are the archives that it names by their sha256: they are there before it is.
    """
    for name, content in (packs or {}).items():
        _put(services, f"{PREFIX}{name}.zip", content)
    _put(services, f"{PREFIX}{sha256}.pyz", bundle)
    services.blobs.put(POINTER, sha256.encode())


def _put(services: Services, key: str, content: bytes) -> None:
    if services.blobs.stat(key) is None:
        services.blobs.put(key, content)


def bundle_source(services: Services) -> BundleSource:
    """A link that is good for the time of a boot. Raises BlobMissing when none is published."""
    sha256 = services.blobs.get(POINTER).decode()
    if len(sha256) != 64:
        raise BlobMissing("the agent's bundle was never published")
    grant = services.blobs.grant(
        PREFIX, write=False, seconds=GRANT_S, max_object_bytes=MAX_BUNDLE_BYTES
    )
    return BundleSource(f"{grant.base_url}/{PREFIX}{sha256}.pyz", sha256, grant.token)

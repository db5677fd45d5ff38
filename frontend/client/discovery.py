"""Which base URL serves which area of the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from frontend.client.problem import Json

WELL_KNOWN = "/.well-known/dumont.json"


@dataclass(frozen=True, slots=True)
class Areas:
    """Area names to base URLs without a trailing slash; anything unnamed is at `base_url`."""

    base_url: str
    urls: Mapping[str, str] = field(default_factory=dict)
    version: str | None = None

    def url_for(self, path: str) -> str:
        """The whole URL of an API path such as `/api/instances/inst_1`."""
        parts = path.split("/")
        area = parts[2] if path.startswith("/api/") and len(parts) > 2 else "system"
        return self.urls.get(area, self.base_url) + path


def read(base_url: str, document: Json) -> Areas:
    """What a discovery document says. Entries that are no HTTP URLs are left out, and so are
    plain ones behind an https address: credentials never leave TLS by a server's word.
    """
    entries = document.get("areas") if isinstance(document, dict) else None
    version = document.get("version") if isinstance(document, dict) else None
    found = entries if isinstance(entries, dict) else {}
    return Areas(
        base_url,
        {
            name: url.rstrip("/")
            for name, url in found.items()
            if isinstance(url, str) and _acceptable(url, base_url)
        },
        version if isinstance(version, str) else None,
    )


def _acceptable(url: str, base_url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    allowed = {"https"} if base_url.startswith("https://") else {"http", "https"}
    return parts.scheme in allowed and bool(parts.netloc)

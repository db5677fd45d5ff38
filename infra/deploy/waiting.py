"""Is it well? New functions take some seconds until they answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 300.0
AGAIN_S = 5.0


def wait_until_healthy(
    url: str,
    client: httpx.Client,
    *,
    patience_s: float = PATIENCE_S,
    pause: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> str | None:
    """None once /health says that all is well; else what it said last, when patience has ended."""
    ends = now() + patience_s
    while True:
        said = _asked(url, client)
        if said is None or now() >= ends:
            return said
        pause(AGAIN_S)


def _asked(url: str, client: httpx.Client) -> str | None:
    try:
        answer = client.get(f"{url}/health")
    except httpx.HTTPError as error:
        return f"{type(error).__name__}: {error}"
    return None if answer.status_code == 200 else f"{answer.status_code}: {answer.text[:500]}"

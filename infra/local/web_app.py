"""The web app comes when it is there; the API never waits for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from infra.web.build import NotBuilt, built, ensure_built, is_fresh

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.local.settings import Local
    from infra.local.site import Site


def open_beside(site: Site, local: Local, tell: Callable[[str], None]) -> None:
    """In a thread of its own: a first build takes as long as the download of its packages."""
    threading.Thread(
        target=open_site, args=(site, local, tell), name="web-app", daemon=True
    ).start()


def open_site(site: Site, local: Local, tell: Callable[[str], None]) -> None:
    """Opens the site to the app as it is built; built first where that is wanted.

    Whatever keeps it from there is told, and the API is served alone.
    """
    try:
        if local.builds_site and not is_fresh():
            tell("Web app        is being built; until then the API is served alone")
        site.open(ensure_built() if local.builds_site else built())
    except (NotBuilt, OSError) as error:
        tell(f"No web app, the API is served alone: {error}")
    else:
        tell(f"Web app        {local.url}")

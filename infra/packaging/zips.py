"""Zip archives that depend on their members alone: sorted names, one time, one mode."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

EARLIEST_TIME = (1980, 1, 1, 0, 0, 0)  # the first that the format can say
_UNIX = 3
_MODE = 0o644


def zipped(members: Mapping[str, bytes]) -> bytes:
    """An archive of these files by their names. The same members give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, EARLIEST_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = _MODE << 16
            archive.writestr(entry, members[name])
    return buffer.getvalue()

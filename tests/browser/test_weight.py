"""What a browser has to load before it shows anything."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 130 * 1024


def test_the_entry_with_all_that_it_imports_is_at_most_130_kb_gzipped(site: Path) -> None:
    manifest = json.loads((site / ".vite" / "manifest.json").read_text())
    (entry,) = [name for name, chunk in manifest.items() if chunk.get("isEntry")]

    scripts, pending = set(), [entry]
    while pending:
        chunk = manifest[pending.pop()]
        if chunk["file"] not in scripts:
            scripts.add(chunk["file"])
            pending += chunk.get("imports", [])
    sizes = {name: len(gzip.compress((site / name).read_bytes(), 9)) for name in scripts}

    assert sum(sizes.values()) <= MOST_BYTES, sizes


def test_the_page_names_no_script_or_style_but_its_own_files(site: Path) -> None:
    page = (site / "index.html").read_text()

    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert "<style" not in page
    assert re.findall(r' style="', page) == []
    for found in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert (site / found.removeprefix("/")).is_file()

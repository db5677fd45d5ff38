"""Every function of the manifest as it is deployed, staged for this stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.packaging.bundle import bundle, stage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from infra.packaging.bundle import Bundle
    from infra.packaging.manifest import Manifest


def stage_all(manifest: Manifest, folder: Path) -> Mapping[str, Path]:
    """The folder of each function's bundle, by its name.

    One that holds the same files already is left as it is: what Python has compiled of it counts.
    """
    staged = {}
    for function in manifest.functions:
        made, there = bundle(function), folder / function.name
        staged[function.name] = there if _holds(there, made) else stage(made, folder)
    return staged


def _holds(folder: Path, chosen: Bundle) -> bool:
    found = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    return found.keys() == chosen.files.keys() and all(
        found[name].read_bytes() == content for name, content in chosen.files.items()
    )

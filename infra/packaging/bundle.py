"""`make package`: each function of the manifest as a folder and as an archive of that folder.

    build/<function>/main.py            functions-framework's source; its target is <function>
    build/<function>/shared/...         the modules that main.py can import, and their files
    build/<function>/requirements.txt   what those need, pinned, with all that it needs in turn
    build/<function>.zip                the same files at the archive's root: what is deployed

The same sources and the same installed versions give the same bytes.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infra.packaging.distributions import requirements_of
from infra.packaging.imports import reached_imports
from infra.packaging.manifest import ROOT, Function, load
from infra.packaging.zips import zipped

if TYPE_CHECKING:
    from collections.abc import Iterator

BUILD = ROOT / "build"
MAIN = "main.py"
REQUIREMENTS = "requirements.txt"


@dataclass(frozen=True, slots=True)
class Bundle:
    """One function, ready to deploy: its files by their names."""

    name: str
    files: Mapping[str, bytes]

    @property
    def requirements(self) -> str:
        return self.files[REQUIREMENTS].decode()


def bundle(function: Function) -> Bundle:
    """Raises what reached_imports and requirements_of raise."""
    reached = reached_imports(function.source, function.capabilities)
    files = {MAIN: function.source.read_bytes()}
    for path in reached.files - {function.source}:
        for each in (path, *_files_beside(path)):
            files[each.relative_to(ROOT).as_posix()] = each.read_bytes()
    files[REQUIREMENTS] = requirements_of(reached.foreign).encode()
    return Bundle(function.name, files)


def _files_beside(module: Path) -> Iterator[Path]:
    """A module that asks where it stands reads the files that lie in assets/ beside it."""
    if "__file__" in module.read_text():
        yield from (path for path in (module.parent / "assets").rglob("*") if path.is_file())


def stage(chosen: Bundle, build: Path = BUILD) -> Path:
    """Write the bundle's folder anew, and its archive. Returns the folder."""
    folder = build / chosen.name
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in chosen.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    archive(chosen.name, build).write_bytes(zipped(chosen.files))
    return folder


def archive(name: str, build: Path = BUILD) -> Path:
    """Where a function's archive lies."""
    return build / f"{name}.zip"


def main(arguments: list[str]) -> int:
    """Stage every function, or those named, and say how large each is."""
    parser = argparse.ArgumentParser(prog="python -m infra.packaging.bundle")
    parser.add_argument("functions", nargs="*", help="all of the manifest unless some are named")
    parser.add_argument("--out", type=Path, default=BUILD)
    told = parser.parse_args(arguments)
    functions = {function.name: function for function in load().functions}
    unknown = set(told.functions) - set(functions)
    if unknown:
        parser.error(f"no function is named {', '.join(sorted(unknown))}")
    for name in told.functions or functions:
        staged = bundle(functions[name])
        stage(staged, told.out)
        print(_line(staged, archive(name, told.out)))
    return 0


def _line(staged: Bundle, zip_path: Path) -> str:
    pins = len(staged.requirements.splitlines())
    kib = zip_path.stat().st_size / 1024
    return f"{staged.name:<24}{len(staged.files):>5} files{pins:>5} requirements{kib:>8.0f} KiB"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A generated file: written anew, or held to what its sources say."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from infra.packaging.manifest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def keep(module: str, document: Path, render: Callable[[], str], arguments: Sequence[str]) -> int:
    """`--write` it, or `--check` it: the exit status is 1 where it is missing or stale."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true")
    action.add_argument("--write", action="store_true")
    chosen = parser.parse_args(arguments)
    text = render()
    if chosen.write:
        document.write_text(text)
        return 0
    if not document.exists() or document.read_text() != text:
        print(f"{document.relative_to(ROOT)} is stale: python -m {module} --write")
        return 1
    return 0

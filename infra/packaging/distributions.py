"""From imported names to pinned requirements.

What the project names is pinned as requirements.txt pins it; what those need in turn, as it is
installed here: the versions that the tests ran with.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import Distribution, distributions
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.packaging.manifest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from importlib.metadata import PackagePath

REQUIREMENTS = ROOT / "requirements.txt"


def requirements_of(foreign: Iterable[str]) -> str:
    """The text of a requirements.txt with all that these names need, and nothing else.

    Raises LookupError for a name that no installed distribution holds, and ValueError where
    what is installed is not what the project pins.
    """
    names = _closure({(_owner(name), "") for name in foreign})
    return "".join(f"{name}=={_version(name)}\n" for name in sorted(names))


def _owner(name: str) -> str:
    """The distribution that holds a module, or the module in which a name stands."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        owner = owners().get(".".join(parts[:length]))
        if owner:
            return owner
    raise LookupError(f"no installed distribution holds {name}")


def _closure(pending: set[tuple[str, str]]) -> set[str]:
    """With the requirements of each and of the extras that are asked for."""
    seen: set[tuple[str, str]] = set()
    while pending:
        each = pending.pop()
        seen.add(each)
        pending |= _needs(*each) - seen
    return {name for name, _ in seen}


@cache
def _needs(name: str, extra: str) -> frozenset[tuple[str, str]]:
    """What one distribution, or one of its extras, asks for here: distributions and extras."""
    wanted = [Requirement(each) for each in installed()[name].requires or ()]
    return frozenset(
        (canonicalize_name(each.name), asked)
        for each in wanted
        if each.marker is None or each.marker.evaluate({"extra": extra})
        for asked in ("", *each.extras)
    )


def _version(name: str) -> str:
    version = installed()[name].version
    if pinned().get(name, version) != version:
        raise ValueError(f"{name} {version} is installed, {pinned()[name]} is pinned")
    return version


@cache
def pinned() -> Mapping[str, str]:
    """What requirements.txt names, by canonical name."""
    lines = (line.partition("#")[0].strip() for line in REQUIREMENTS.read_text().splitlines())
    pins = (line.split("==") for line in lines if line)
    return {canonicalize_name(name): version for name, version in pins}


@cache
def installed() -> Mapping[str, Distribution]:
    return {canonicalize_name(each.metadata["Name"]): each for each in distributions()}


@cache
def owners() -> Mapping[str, str]:
    """Every module that a distribution brings, to that distribution."""
    return {
        module: name
        for name, each in installed().items()
        for path in each.files or ()
        for module in _modules(path)
    }


def _modules(path: PackagePath) -> Iterator[str]:
    if path.suffix not in {".py", ".so", ".pyd"}:
        return
    *packages, last = path.parts
    stem = last.partition(".")[0]
    yield ".".join(packages if stem == "__init__" else [*packages, stem])

"""functions/manifest.yaml, checked and typed; and what a deployed function may know of it.

`python -m infra.packaging.manifest --write` renews shared/edge/assets/functions.json, from which
discovery and the health of background work are answered; `--check` fails when it is stale.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / "functions" / "manifest.yaml"
SCHEMA = ROOT / "functions" / "manifest.schema.json"
DIGEST = ROOT / "shared" / "edge" / "assets" / "functions.json"


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    ack_deadline_s: int
    max_delivery_attempts: int
    analysed: bool = False
    open_to_others: bool = False  # other systems may publish to it


@dataclass(frozen=True, slots=True)
class Schedule:
    name: str
    cron: str
    period_s: int
    attempt_deadline_s: int


@dataclass(frozen=True, slots=True)
class ColdStart:
    """What a fresh process that has loaded the function may have taken: processor milliseconds,
    and MiB that it holds, before and (where that is bounded) after its first call.
    """

    ms: int
    mib: int
    first_call_mib: int | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """One deployed function. Exactly one of `paths`, `topic` and `schedule` is given."""

    name: str
    description: str
    paths: tuple[str, ...]
    topic: Topic | None
    schedule: Schedule | None
    capabilities: tuple[str, ...]
    publishes: tuple[Topic, ...]
    cpu: float
    memory_mib: int
    concurrency: int
    max_instances: int
    timeout_s: int
    cold_start: ColdStart

    @property
    def source(self) -> Path:
        """The file that functions-framework loads; its target is the function's name."""
        return ROOT / "functions" / self.name / "main.py"

    def serves(self, path: str) -> bool:
        """Whether this function's paths cover a path without `/v1`."""
        return any(
            path.startswith(each[:-1]) if each.endswith("/*") else path == each
            for each in self.paths
        )


@dataclass(frozen=True, slots=True)
class Manifest:
    functions: tuple[Function, ...]
    topics: tuple[Topic, ...]
    schedules: tuple[Schedule, ...]

    @property
    def areas(self) -> Mapping[str, str]:
        """The first word after /api/ (or `agent`, `proxy`) to the function that serves it."""
        found = {"system": "system"}
        for function in self.functions:
            for path in function.paths:
                parts = path.split("/")
                if parts[1] == "api" and "." not in parts[2]:
                    found[parts[2]] = function.name
                elif parts[1] in {"agent", "proxy"}:
                    found[parts[1]] = function.name
        return found


def load(path: Path = MANIFEST, *, checked: bool = True) -> Manifest:
    """The manifest. Raises jsonschema.ValidationError, or ValueError for a name that dangles.

    Not `checked` against its schema where it was before, as by whoever starts a stack: to load
    the checker takes longer than to load every function.
    """
    content = yaml.safe_load(path.read_text())
    if checked:
        import jsonschema

        jsonschema.validate(content, json.loads(SCHEMA.read_text()))
    topics = {name: Topic(name, **rest) for name, rest in content["topics"].items()}
    schedules = {name: Schedule(name, **rest) for name, rest in content["schedules"].items()}
    functions = tuple(
        _function(name, rest, topics, schedules) for name, rest in content["functions"].items()
    )
    manifest = Manifest(functions, tuple(topics.values()), tuple(schedules.values()))
    _require_one_owner(manifest)
    return manifest


def digest(manifest: Manifest) -> str:
    """What deployed code may know: areas, and what runs in the background."""
    background = [
        {
            "name": function.name,
            "schedule": function.schedule.cron if function.schedule else None,
            "period_s": function.schedule.period_s if function.schedule else None,
            "topic": function.topic.name if function.topic else None,
        }
        for function in manifest.functions
        if not function.paths
    ]
    return json.dumps({"areas": manifest.areas, "background": background}, indent=2) + "\n"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.packaging.manifest")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true")
    action.add_argument("--write", action="store_true")
    chosen = parser.parse_args(arguments)
    text = digest(load())
    if chosen.write:
        DIGEST.write_text(text)
        return 0
    if not DIGEST.exists() or DIGEST.read_text() != text:
        print(f"{DIGEST.relative_to(ROOT)} is stale: python -m infra.packaging.manifest --write")
        return 1
    return 0


def _function(
    name: str, rest: dict[str, Any], topics: dict[str, Topic], schedules: dict[str, Schedule]
) -> Function:
    trigger = rest.pop("trigger")
    for kind, known in (("topic", topics), ("schedule", schedules)):
        if kind in trigger and trigger[kind] not in known:
            raise ValueError(f"{name} names the {kind} {trigger[kind]!r}, which is not declared")
    publishes = tuple(rest.pop("publishes", ()))
    if unknown := set(publishes) - topics.keys():
        raise ValueError(f"{name} publishes to {sorted(unknown)}, which are not declared")
    return Function(
        name=name,
        paths=tuple(trigger.get("http", {}).get("paths", ())),
        topic=topics.get(trigger.get("topic", "")),
        schedule=schedules.get(trigger.get("schedule", "")),
        capabilities=tuple(rest.pop("capabilities")),
        publishes=tuple(topics[each] for each in publishes),
        cold_start=ColdStart(**rest.pop("cold_start")),
        **rest,
    )


def _require_one_owner(manifest: Manifest) -> None:
    for function in manifest.functions:
        for path in function.paths:
            example = path.replace("*", "x")
            owners = [each.name for each in manifest.functions if each.serves(example)]
            if owners != [function.name]:
                raise ValueError(f"{path} is served by {owners}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

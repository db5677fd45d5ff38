"""The manifest is the only list of functions; what exists is held to it."""

from __future__ import annotations

import ast
import importlib
from typing import TYPE_CHECKING, Any

import functions_framework
import jsonschema
import pytest
import yaml

from infra.packaging import manifest as packaging
from infra.packaging import openapi
from infra.packaging.capabilities import reached_calls, reached_capabilities
from infra.packaging.manifest import MANIFEST, ROOT, Function, load
from shared.domain.events import EVENT_TYPES

if TYPE_CHECKING:
    from pathlib import Path

TOPICS = {
    "instance-changed",
    "instance-idle",
    "failover-requested",
    "snapshot-requested",
    "job-changed",
    "deployment-changed",
    "notification-requested",
    "market-sampled",
}
FUNCTIONS = load().functions


def names(functions: Any) -> list[str]:
    return [each.name for each in functions]


def test_the_folders_are_the_functions_of_the_manifest() -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/main.py")}

    assert folders == set(names(FUNCTIONS))


def test_the_topics_are_those_of_the_design_and_every_event_has_one() -> None:
    assert {topic.name for topic in load().topics} == TOPICS
    assert {kind.topic for kind in EVENT_TYPES} <= TOPICS


def test_one_function_for_a_topic_and_for_a_schedule() -> None:
    subscribed = [each.topic.name for each in FUNCTIONS if each.topic]
    scheduled = [each.schedule.name for each in FUNCTIONS if each.schedule]

    assert len(set(subscribed)) == len(subscribed)
    assert sorted(scheduled) == sorted(schedule.name for schedule in load().schedules)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)
def test_the_platform_allows_each_shape(function: Function) -> None:
    if function.concurrency > 1:
        assert function.cpu >= 1
    if function.cpu < 0.5:
        assert function.memory_mib <= 512
    if function.topic:
        assert function.timeout_s <= function.topic.ack_deadline_s
    if function.schedule:
        assert function.timeout_s <= function.schedule.attempt_deadline_s


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)
def test_the_framework_loads_each_function(function: Function) -> None:
    app = functions_framework.create_app(function.name, str(function.source))

    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert ("cloudevent" in endpoints) is (function.topic is not None)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)
def test_each_route_lies_under_the_paths_of_its_function_alone(function: Function) -> None:
    module = importlib.import_module(f"functions.{function.name}.main")
    routes = getattr(module, "ROUTES", ())

    assert bool(routes) is bool(function.paths)
    for route in routes:
        path = route.path.replace("<path:", "<").replace("<", "").replace(">", "")
        assert [each.name for each in FUNCTIONS if each.serves(path)] == [function.name], path


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)
def test_a_function_declares_the_capabilities_that_its_code_reaches(function: Function) -> None:
    assert set(function.capabilities) == reached_capabilities(function.source)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)
def test_a_function_declares_the_topics_whose_events_its_code_makes(function: Function) -> None:
    made = reached_calls(function.source)

    assert {each.name for each in function.publishes} == {
        kind.topic for kind in EVENT_TYPES if kind.__name__ in made
    }


def test_every_topic_that_has_an_event_is_published_to_by_us_or_by_others() -> None:
    published = {each for function in FUNCTIONS for each in function.publishes}

    for kind in EVENT_TYPES:
        (topic,) = [each for each in load().topics if each.name == kind.topic]
        assert topic in published or topic.open_to_others, kind


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)
def test_a_main_file_is_only_a_table(function: Function) -> None:
    nodes = list(ast.walk(ast.parse(function.source.read_text())))

    decides = (ast.For, ast.While, ast.Try, ast.With, ast.ClassDef, ast.comprehension, ast.IfExp)
    assert not [node for node in nodes if isinstance(node, decides)]
    conditions = [ast.unparse(node.test) for node in nodes if isinstance(node, ast.If)]
    assert set(conditions) <= {"TYPE_CHECKING"}


def broken(tmp_path: Path, change: Any) -> Path:
    content = yaml.safe_load(MANIFEST.read_text())
    change(content)
    path = tmp_path / "manifest.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.mark.parametrize(
    ("function", "field", "value"),
    [
        ("agent", "concurrency", 2),
        ("agent", "memory_mib", 300),
        ("agent", "capabilities", ["teleport"]),
        ("agent", "unknown", 1),
        ("agent", "trigger", {"http": {"paths": ["/x"]}, "topic": "instance-idle"}),
        ("agent", "trigger", {}),
        ("tick", "timeout_s", 541),
        ("tick", "cold_start", {"ms": 450}),
    ],
)
def test_the_schema_refuses(tmp_path: Path, function: str, field: str, value: object) -> None:
    path = broken(tmp_path, lambda content: content["functions"][function].update({field: value}))

    with pytest.raises(jsonschema.ValidationError):
        load(path)


@pytest.mark.parametrize(
    "trigger",
    [{"topic": "no-such"}, {"schedule": "never"}, {"http": {"paths": ["/api/instances/*"]}}],
)
def test_a_name_that_dangles_or_a_path_with_two_owners_is_refused(
    tmp_path: Path, trigger: object
) -> None:
    path = broken(tmp_path, lambda content: content["functions"]["tick"].update(trigger=trigger))

    with pytest.raises(ValueError, match=r"tick|served by"):
        load(path)


def test_a_topic_to_publish_to_is_one_of_the_list_and_needs_the_bus(tmp_path: Path) -> None:
    nowhere = {"publishes": ["no-such"]}
    with pytest.raises(ValueError, match="tick publishes to"):
        load(broken(tmp_path, lambda content: content["functions"]["tick"].update(nowhere)))

    without = {"publishes": ["instance-changed"]}  # machines has no bus
    with pytest.raises(jsonschema.ValidationError):
        load(broken(tmp_path, lambda content: content["functions"]["machines"].update(without)))


def test_what_deployed_code_knows_of_the_manifest_is_fresh() -> None:
    assert packaging.main(["--check"]) == 0, "python -m infra.packaging.manifest --write"


def test_the_reference_is_fresh() -> None:
    assert openapi.main(["--check"]) == 0, "python -m infra.packaging.openapi --write"

"""The plan's functions against the manifest."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from infra.packaging.manifest import Function, load

if TYPE_CHECKING:
    from tests.terraform.plans import Plan, Resource

pytestmark = pytest.mark.terraform
MANIFEST = load()
PROJECT, NUMBER = "dumont-example", "123456789012"
NAMED = {"ids": lambda function: function.name}


def account(name: str) -> str:
    return f"{name}@{PROJECT}.iam.gserviceaccount.com"


def service(function: Function) -> str:
    return function.name.replace("_", "-")


def url(function: Function) -> str:
    return f"https://{service(function)}-{NUMBER}.us-central1.run.app"


def deployed(plan: Plan, function: Function) -> dict:
    return plan.one(f'module.function["{function.name}"].google_cloudfunctions2_function.this')


def settings(plan: Plan, function: Function) -> dict:
    (found,) = deployed(plan, function)["service_config"]
    return found


def test_each_function_of_the_manifest_is_deployed_and_no_other(direct: Plan) -> None:
    names = [each.after["name"] for each in direct.all("google_cloudfunctions2_function")]

    assert sorted(names) == sorted(map(service, MANIFEST.functions))


@pytest.mark.parametrize("function", MANIFEST.functions, **NAMED)
def test_a_function_has_the_shape_that_the_manifest_gives_it(
    direct: Plan, function: Function
) -> None:
    found = settings(direct, function)

    assert float(found["available_cpu"]) == function.cpu
    assert found["available_memory"] == f"{function.memory_mib}Mi"
    assert found["max_instance_request_concurrency"] == function.concurrency
    assert found["environment_variables"]["THREADS"] == str(function.concurrency)
    assert found["max_instance_count"] == function.max_instances
    assert found["min_instance_count"] == 0
    assert found["timeout_seconds"] == function.timeout_s


@pytest.mark.parametrize("function", MANIFEST.functions, **NAMED)
def test_a_function_is_built_from_its_own_archive_by_the_builder(
    direct: Plan, function: Function
) -> None:
    (build,) = deployed(direct, function)["build_config"]
    archive = direct.one(f'module.function["{function.name}"].google_storage_bucket_object.archive')

    (source,) = build["source"][0]["storage_source"]
    assert (source["bucket"], source["object"]) == (archive["bucket"], archive["name"])
    assert archive["name"].startswith(f"{function.name}/")
    assert archive["source"].endswith(f"/build/{function.name}.zip")
    assert build["entry_point"] == function.name
    assert build["service_account"].endswith(account("dumont-builder"))


def test_each_function_is_an_account_of_its_own(direct: Plan) -> None:
    of_functions = [
        settings(direct, function)["service_account_email"] for function in MANIFEST.functions
    ]
    made = {account(each.after["account_id"]) for each in direct.all("google_service_account")}

    assert Counter(of_functions).most_common(1)[0][1] == 1
    assert set(of_functions) == {account(f"fn-{service(each)}") for each in MANIFEST.functions}
    callers = {account(f"call-{service(each)}") for each in MANIFEST.functions if not each.paths}
    assert made == {*of_functions, *callers, account("dumont-builder")}


def invoker(plan: Plan, function: Function) -> Resource:
    (found,) = (
        each
        for each in plan.all("google_cloud_run_v2_service_iam_member")
        if each.after["name"] == service(function)
    )
    return found


@pytest.mark.parametrize("function", MANIFEST.functions, **NAMED)
def test_the_public_calls_what_serves_paths_and_one_account_calls_each_other_function(
    direct: Plan, function: Function
) -> None:
    found = invoker(direct, function)

    caller = account(f"call-{service(function)}")
    assert found.after["role"] == "roles/run.invoker"
    assert found.after["member"] == ("allUsers" if function.paths else f"serviceAccount:{caller}")
    ingress = "ALLOW_ALL" if function.paths else "ALLOW_INTERNAL_ONLY"
    assert settings(direct, function)["ingress_settings"] == ingress


def test_behind_the_load_balancer_only_machines_come_straight_to_their_function(
    balanced: Plan,
) -> None:
    ingress = {
        function.name: settings(balanced, function)["ingress_settings"]
        for function in MANIFEST.functions
        if function.paths
    }

    assert ingress.pop("agent") == "ALLOW_ALL"
    assert set(ingress.values()) == {"ALLOW_INTERNAL_AND_GCLB"}


def test_a_function_is_told_where_each_other_one_answers(direct: Plan) -> None:
    for function in MANIFEST.functions:
        told = settings(direct, function)["environment_variables"]

        public = [each for each in MANIFEST.functions if each.paths]
        assert json.loads(told["DUMONT_AREA_URLS"]) == {each.name: url(each) for each in public}
        assert told["DUMONT_PUBLIC_URL"] == f"https://system-{NUMBER}.us-central1.run.app"
        assert told["DUMONT_AGENT_URL"] == f"https://agent-{NUMBER}.us-central1.run.app"

"""Who may do what: all of the plan's grants, against the manifest's capabilities."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from infra.packaging.manifest import Function, load
from tests.terraform.test_functions import PROJECT, account, service

if TYPE_CHECKING:
    from tests.terraform.plans import Plan, Resource

pytestmark = pytest.mark.terraform
MANIFEST = load()
NAMED = {"ids": lambda function: function.name}
BUCKET, SECRET = f"{PROJECT}-dumont-snapshots", "dumont-master-key"
PUBSUB = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"

PUBLISHER = "roles/pubsub.publisher"
SCHEDULER_ROLE = f"projects/{PROJECT}/roles/dumont_scheduler"

# A capability: the kind of grant, its roles, and on what.
RIGHTS = {
    "store": {("project", "roles/datastore.user", PROJECT)},
    "bus": set(),  # the topics that it publishes to, each by its name
    "blobs": {("storage_bucket", "roles/storage.objectUser", BUCKET)},
    "secrets": {
        ("secret_manager_secret", "roles/secretmanager.secretAccessor", SECRET),
        ("secret_manager_secret", "roles/secretmanager.viewer", SECRET),
    },
    "scheduler": {("project", SCHEDULER_ROLE, PROJECT)},
    "marketplace": set(),
}
_ON = (
    "bucket",
    "topic",
    "subscription",
    "secret_id",
    "service_account_id",
    "repository",
    "table_id",
    "name",
    "project",
)
Grant = tuple[str, str, str]


def grants(plan: Plan) -> list[Resource]:
    return [each for each in plan.resources if each.kind.endswith("_iam_member")]


def grant(resource: Resource) -> Grant:
    kind = resource.kind.removeprefix("google_").removesuffix("_iam_member")
    on = next(resource.after[name] for name in _ON if resource.after.get(name))
    return kind, resource.after["role"], on


def of(plan: Plan, member: str) -> set[Grant]:
    return {grant(each) for each in grants(plan) if each.after["member"] == member}


@pytest.mark.parametrize("function", MANIFEST.functions, **NAMED)
def test_a_function_has_the_roles_of_its_capabilities_and_no_other(
    direct: Plan, function: Function
) -> None:
    wanted = set().union(*(RIGHTS[each] for each in function.capabilities))
    wanted |= {("pubsub_topic", PUBLISHER, each.name) for each in function.publishes}
    if function.topic:  # what it refuses for good, it puts aside by itself
        put_aside = f"{function.topic.name}-rejected"
        wanted.add(("pubsub_topic", PUBLISHER, put_aside))

    assert of(direct, f"serviceAccount:{account(f'fn-{service(function)}')}") == wanted


@pytest.mark.parametrize(
    "function", [each for each in MANIFEST.functions if not each.paths], **NAMED
)
def test_a_caller_may_call_its_function_and_nothing_else(direct: Plan, function: Function) -> None:
    found = of(direct, f"serviceAccount:{account(f'call-{service(function)}')}")

    assert found == {("cloud_run_v2_service", "roles/run.invoker", service(function))}


def test_only_this_deployments_database_is_open(direct: Plan) -> None:
    conditions = {
        each.after["condition"][0]["expression"]
        for each in direct.all("google_project_iam_member")
        if each.after["role"] == "roles/datastore.user"
    }

    assert conditions == {f'resource.name == "projects/{PROJECT}/databases/(default)"'}


def test_the_builder_reads_sources_writes_images_and_logs(direct: Plan) -> None:
    assert of(direct, f"serviceAccount:{account('dumont-builder')}") == {
        ("project", "roles/logging.logWriter", PROJECT),
        ("storage_bucket", "roles/storage.objectViewer", f"{PROJECT}-dumont-sources"),
        ("artifact_registry_repository", "roles/artifactregistry.writer", "dumont-functions"),
    }


def test_pubsub_may_put_messages_aside_and_sign_as_the_callers(direct: Plan) -> None:
    listening = [each for each in MANIFEST.functions if each.topic]

    assert of(direct, PUBSUB) == {
        *(("pubsub_topic", PUBLISHER, f"{t.topic.name}-rejected") for t in listening),
        *(("pubsub_subscription", "roles/pubsub.subscriber", each.name) for each in listening),
        *(
            (
                "service_account",
                "roles/iam.serviceAccountTokenCreator",
                f"projects/{PROJECT}/serviceAccounts/{account(f'call-{service(each)}')}",
            )
            for each in listening
        ),
    }


def test_pubsub_writes_what_is_analysed_and_nothing_else(everything: Plan) -> None:
    writing = {
        (each.after["table_id"], each.after["role"], each.after["member"])
        for each in everything.all("google_bigquery_table_iam_member")
    }

    tables = {each.name.replace("-", "_") for each in MANIFEST.topics if each.analysed}
    assert tables
    assert writing == {(table, "roles/bigquery.dataEditor", PUBSUB) for table in tables}


def test_everybody_may_call_what_serves_paths_and_read_the_site(direct: Plan) -> None:
    assert of(direct, "allUsers") == {
        ("storage_bucket", "roles/storage.legacyObjectReader", f"{PROJECT}-dumont-site"),
        *(
            ("cloud_run_v2_service", "roles/run.invoker", service(each))
            for each in MANIFEST.functions
            if each.paths
        ),
    }


@pytest.mark.parametrize("name", ["direct", "load_balancer", "everything"])
def test_no_grant_is_broad(planned: dict[str, Plan], name: str) -> None:
    found = [grant(each) for each in grants(planned[name])]

    assert found
    basic = {"roles/owner", "roles/editor", "roles/viewer"}
    assert [each for each in found if each[1] in basic or "admin" in each[1].lower()] == []
    of_project = {role for kind, role, _ in found if kind == "project"}
    ours = {role for role in of_project if role.endswith("_scheduler")}
    assert of_project - ours <= {"roles/datastore.user", "roles/logging.logWriter"}
    assert len(ours) == 1


@pytest.mark.parametrize("name", ["direct", "load_balancer", "everything"])
def test_no_right_is_granted_twice(planned: dict[str, Plan], name: str) -> None:
    found = [(each.after["member"], *grant(each)) for each in grants(planned[name])]

    # Two of one right are one: whoever takes the first away takes the other too.
    assert [each for each, times in Counter(found).items() if times > 1] == []


def test_our_own_role_pauses_and_resumes_and_no_more(direct: Plan) -> None:
    (role,) = direct.all("google_project_iam_custom_role")

    assert set(role.after["permissions"]) == {
        "cloudscheduler.jobs.list",
        "cloudscheduler.jobs.pause",
        "cloudscheduler.jobs.enable",
    }


def test_no_key_of_an_account_is_made_and_no_policy_replaced(planned: dict[str, Plan]) -> None:
    kinds = {each.kind for plan in planned.values() for each in plan.resources}

    assert "google_service_account_key" not in kinds
    assert not {each for each in kinds if each.endswith(("_iam_policy", "_iam_binding"))}


def test_a_marketplaces_key_is_given_only_to_what_reaches_marketplaces(
    everything: Plan,
) -> None:
    reading = {
        each.after["member"]
        for each in everything.all("google_secret_manager_secret_iam_member")
        if each.after["secret_id"] == "our-vast-key"
    }

    assert reading == {
        f"serviceAccount:{account(f'fn-{service(each)}')}"
        for each in MANIFEST.functions
        if "marketplace" in each.capabilities
    }

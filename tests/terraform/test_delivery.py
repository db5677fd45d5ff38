"""Who starts what runs in the background, and where that goes which nobody can handle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.packaging.manifest import Function, load
from tests.terraform.test_functions import PROJECT, account, service, settings, url

if TYPE_CHECKING:
    from tests.terraform.plans import Plan

pytestmark = pytest.mark.terraform
MANIFEST = load()
NAMED = {"ids": lambda function: function.name}
LISTENING = [each for each in MANIFEST.functions if each.topic]
SCHEDULED = [each for each in MANIFEST.functions if each.schedule]


def pushes(plan: Plan) -> list[str]:
    found = plan.all("google_pubsub_subscription")
    return [each.after["topic"] for each in found if each.after["push_config"]]


def test_each_topic_with_a_function_is_pushed_to_it_once(direct: Plan) -> None:
    topics = [each.topic.name for each in LISTENING]

    assert sorted(pushes(direct)) == sorted(topics)


@pytest.mark.parametrize("function", LISTENING, **NAMED)
def test_a_push_goes_to_the_function_with_a_token_for_it(direct: Plan, function: Function) -> None:
    found = direct.one(f'module.subscription["{function.name}"].google_pubsub_subscription.push')

    (push,) = found["push_config"]
    (token,) = push["oidc_token"]
    told = settings(direct, function)["environment_variables"]
    assert found["topic"] == function.topic.name
    assert push["push_endpoint"] == url(function) + "/"
    assert push["no_wrapper"] == []  # the code reads the wrapped form
    assert token["audience"] == told["DUMONT_CALLER_AUDIENCE"] == url(function)
    assert token["service_account_email"] == told["DUMONT_CALLER_ACCOUNTS"]
    assert token["service_account_email"] == account(f"call-{service(function)}")


@pytest.mark.parametrize("function", LISTENING, **NAMED)
def test_a_message_is_tried_again_and_in_the_end_put_aside(
    direct: Plan, function: Function
) -> None:
    found = direct.one(f'module.subscription["{function.name}"].google_pubsub_subscription.push')

    (dead,) = found["dead_letter_policy"]
    (retry,) = found["retry_policy"]
    assert dead["dead_letter_topic"] == f"projects/{PROJECT}/topics/{function.topic.name}-rejected"
    assert dead["max_delivery_attempts"] == function.topic.max_delivery_attempts
    assert found["ack_deadline_seconds"] == function.topic.ack_deadline_s
    assert (retry["minimum_backoff"], retry["maximum_backoff"]) == ("10s", "600s")
    assert found["expiration_policy"] == [{"ttl": ""}]  # never


@pytest.mark.parametrize("function", LISTENING, **NAMED)
def test_a_handler_ends_before_its_message_is_pushed_again(function: Function) -> None:
    assert function.timeout_s <= function.topic.ack_deadline_s


def test_what_is_put_aside_is_kept_for_each_topic(direct: Plan) -> None:
    kept = {
        each.after["topic"]: each.after
        for each in direct.all("google_pubsub_subscription")
        if not each.after["push_config"]
    }

    assert set(kept) == {f"{topic.name}-rejected" for topic in MANIFEST.topics}
    for each in kept.values():
        assert each["message_retention_duration"] == f"{14 * 86400}s"
        assert each["expiration_policy"] == [{"ttl": ""}]


def test_nothing_is_copied_for_analysis_unless_it_is_wanted(direct: Plan) -> None:
    assert [each for each in direct.resources if "bigquery" in each.kind] == []


def test_what_the_manifest_calls_analysed_is_copied_to_a_table_of_its_own(
    everything: Plan,
) -> None:
    copied = {
        each.after["topic"]: each.after["bigquery_config"][0]
        for each in everything.all("google_pubsub_subscription")
        if each.after["bigquery_config"]
    }

    assert set(copied) == {each.name for each in MANIFEST.topics if each.analysed}
    for topic, config in copied.items():
        assert config["table"] == f"{PROJECT}.gpu_events.{topic.replace('-', '_')}"
        assert config["write_metadata"] is True


def test_each_scheduled_function_has_one_job_and_there_are_at_most_three(direct: Plan) -> None:
    jobs = direct.all("google_cloud_scheduler_job")

    assert sorted(each.after["name"] for each in jobs) == sorted(map(service, SCHEDULED))
    assert len(jobs) <= 3


@pytest.mark.parametrize("function", SCHEDULED, **NAMED)
def test_a_job_calls_its_function_with_a_token_for_it(direct: Plan, function: Function) -> None:
    found = direct.one(f'module.schedule["{function.name}"].google_cloud_scheduler_job.this')

    (target,) = found["http_target"]
    (token,) = target["oidc_token"]
    told = settings(direct, function)["environment_variables"]
    assert (found["schedule"], found["time_zone"]) == (function.schedule.cron, "Etc/UTC")
    assert found["attempt_deadline"] == f"{function.schedule.attempt_deadline_s}s"
    assert (target["http_method"], target["uri"]) == ("POST", url(function) + "/")
    assert token["audience"] == told["DUMONT_CALLER_AUDIENCE"] == url(function)
    assert token["service_account_email"] == told["DUMONT_CALLER_ACCOUNTS"]


@pytest.mark.parametrize("function", SCHEDULED, **NAMED)
def test_a_run_ends_before_its_job_gives_up_on_it(function: Function) -> None:
    assert function.timeout_s <= function.schedule.attempt_deadline_s

"""Who is told of what, against what the code writes down and the runbook says."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from infra.packaging.alerts import RUNBOOK, sections
from infra.packaging.manifest import load
from shared.agent_wire import messages as wire
from shared.app.alarms import Alarm, raise_alarm
from shared.edge.logging import install

if TYPE_CHECKING:
    from tests.terraform.plans import Plan

pytestmark = pytest.mark.terraform
MANIFEST = load()
SAID = sections(RUNBOOK.read_text())


def policies(plan: Plan) -> list[dict[str, Any]]:
    return [each.after for each in plan.all("google_monitoring_alert_policy")]


def threshold(policy: dict[str, Any]) -> dict[str, Any]:
    (condition,) = policy["conditions"]
    (found,) = condition["condition_threshold"]
    return found


def test_each_alarm_of_the_code_has_a_policy_that_says_what_to_do(direct: Plan) -> None:
    for alarm in Alarm:
        policy = direct.one(f'google_monitoring_alert_policy.alarm["{alarm}"]')

        assert f'metric.labels.alarm="{alarm}"' in threshold(policy)["filter"]
        assert threshold(policy)["threshold_value"] == 0
        assert policy["documentation"][0]["content"] == SAID[alarm]


def test_the_metric_counts_exactly_what_the_code_writes_for_an_alarm(
    direct: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    metric = direct.one("google_logging_metric.alarms")
    install()

    raise_alarm(Alarm.ORPHAN_FOUND, "a contract that nobody ordered")

    line = json.loads(capsys.readouterr().out)
    (field, value) = re.findall(r'jsonPayload\.(\w+)="([^"]+)"', metric["filter"])[0]
    (label,) = metric["label_extractors"]
    assert line[field] == value
    assert metric["label_extractors"] == {label: f"EXTRACT(jsonPayload.{label})"}
    assert line[label] == Alarm.ORPHAN_FOUND


def test_ten_minutes_without_a_good_sweep_are_told_by_their_absence(direct: Plan) -> None:
    policy = direct.one("google_monitoring_alert_policy.sweeper")

    (condition,) = policy["conditions"]
    (absent,) = condition["condition_absent"]
    (minute,) = (
        each.name for each in MANIFEST.functions if each.schedule and each.schedule.period_s == 60
    )
    assert absent["duration"] == "600s"
    assert f'service_name="{minute}"' in absent["filter"]
    assert 'response_code_class="2xx"' in absent["filter"]


def test_a_message_that_was_put_aside_is_told_for_every_topic(direct: Plan) -> None:
    policy = direct.one("google_monitoring_alert_policy.rejected")

    names = {each["display_name"] for each in policy["conditions"]}
    assert names == {f"{topic.name}-rejected" for topic in MANIFEST.topics}


def test_errors_of_every_function_are_told(direct: Plan) -> None:
    asked = threshold(direct.one("google_monitoring_alert_policy.failing"))["filter"]

    for function in MANIFEST.functions:
        assert f'"{function.name.replace("_", "-")}"' in asked


def test_spend_is_told_where_a_figure_was_given(direct: Plan, everything: Plan) -> None:
    address = "google_monitoring_alert_policy.spend[0]"

    assert threshold(everything.one(address))["threshold_value"] == 12.5
    assert [each.address for each in direct.resources if each.address == address] == []


def test_the_projects_bill_is_told_at_half_nine_tenths_and_all_of_it(everything: Plan) -> None:
    budget = everything.one("google_billing_budget.project[0]")

    rules = [(each["threshold_percent"], each["spend_basis"]) for each in budget["threshold_rules"]]
    assert budget["amount"][0]["specified_amount"][0]["units"] == "20"
    assert budget["budget_filter"][0]["projects"] == ["projects/123456789012"]
    assert rules == [
        (0.5, "CURRENT_SPEND"),
        (0.9, "CURRENT_SPEND"),
        (1, "CURRENT_SPEND"),
        (1, "FORECASTED_SPEND"),
    ]


@pytest.mark.parametrize("name", ["direct", "everything"])
def test_every_policy_says_what_to_do_in_the_words_of_the_runbook(
    planned: dict[str, Plan], name: str
) -> None:
    found = policies(planned[name])

    assert len(found) >= len(Alarm) + 3
    for policy in found:
        assert policy["documentation"][0]["content"] in SAID.values()


def test_every_section_of_the_runbook_belongs_to_an_alert(everything: Plan) -> None:
    told = {policy["documentation"][0]["content"] for policy in policies(everything)}

    assert {name for name, text in SAID.items() if text not in told} == {"project_budget"}
    assert "project_budget" in everything.one("google_billing_budget.project[0]")["display_name"]
    for name, text in SAID.items():
        assert "**Means:**" in text, name
        assert "**Do:**" in text, name


def test_each_address_is_told_by_mail(everything: Plan) -> None:
    channels = everything.all("google_monitoring_notification_channel")

    assert {each.after["labels"]["email_address"] for each in channels} == {
        "one@example.com",
        "two@example.com",
    }


def test_good_heartbeats_are_left_out_of_the_log_but_for_a_hundredth(direct: Plan) -> None:
    exclusion = direct.one("google_logging_project_exclusion.beats")["filter"]

    (agent,) = (each for each in MANIFEST.functions if each.serves(wire.PATH_HEARTBEAT))
    assert f'service_name="{agent.name}"' in exclusion
    assert f'requestUrl:"{wire.PATH_HEARTBEAT}"' in exclusion
    assert "httpRequest.status<400" in exclusion
    assert "sample(insertId, 0.99)" in exclusion

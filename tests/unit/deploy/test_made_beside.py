"""What a deployment makes that Terraform does not: its state's bucket and the master key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from google.api_core.exceptions import Conflict, Forbidden
from google.cloud import storage

from infra.deploy.agents import AgentRefusedError, ensure_agent
from infra.deploy.master_key import SecretRefusedError, ensure_master_key
from infra.deploy.state_bucket import ensure_state_bucket
from tests.unit.deploy.secret_manager import SECRET, Answer, SecretManager

NAME = "dumont-example-terraform-state"


@dataclass
class Buckets:
    """Cloud Storage's client as far as it is used. `foreign` names belong to somebody else."""

    made: dict[str, Any] = field(default_factory=dict)
    foreign: frozenset[str] = frozenset()

    def bucket(self, name: str) -> Any:
        return storage.Bucket(None, name)

    def lookup_bucket(self, name: str) -> Any:
        return self.made.get(name)

    def create_bucket(self, bucket: Any) -> None:
        if bucket.name in self.foreign or bucket.name in self.made:
            raise Conflict("the name is taken")
        self.made[bucket.name] = bucket

    def get_bucket(self, name: str) -> Any:
        if name in self.foreign:
            raise Forbidden("it is not yours")
        return self.made[name]


def test_the_states_bucket_is_private_and_keeps_older_states() -> None:
    client = Buckets()

    ensure_state_bucket(client, NAME)

    made = client.made[NAME]
    assert made.versioning_enabled
    assert made.iam_configuration.uniform_bucket_level_access_enabled
    assert made.iam_configuration.public_access_prevention == "enforced"


def test_a_bucket_that_is_there_is_left_as_it_is() -> None:
    client = Buckets()
    ensure_state_bucket(client, NAME)
    before = client.made[NAME]

    ensure_state_bucket(client, NAME)

    assert client.made[NAME] is before


def test_somebody_elses_bucket_of_that_name_ends_the_deployment() -> None:
    with pytest.raises(Forbidden):
        ensure_state_bucket(Buckets(foreign=frozenset({NAME})), NAME)


def test_the_first_deployment_makes_a_master_key_and_no_later_one_does() -> None:
    session = SecretManager()

    made = [ensure_master_key(session, SECRET) for _ in range(3)]

    assert made == [True, False, False]
    assert [len(key) for key in session.keys] == [32]


def test_two_deployments_have_different_keys() -> None:
    one, other = SecretManager(), SecretManager()
    ensure_master_key(one, SECRET)
    ensure_master_key(other, SECRET)

    assert one.keys != other.keys


def test_a_key_that_was_disabled_is_not_replaced_behind_its_owners_back() -> None:
    session = SecretManager(states=["DISABLED"])

    assert ensure_master_key(session, SECRET) is False
    assert session.keys == []


def test_a_refusal_is_told_in_the_clouds_own_words() -> None:
    with pytest.raises(SecretRefusedError, match="403: no"):
        ensure_master_key(SecretManager(status=403), SECRET)


@dataclass
class ServiceUsage:
    status: int = 200
    asked: list[str] = field(default_factory=list)

    def post(self, url: str, *, timeout: float) -> Answer:
        self.asked.append(url)
        return Answer(self.status, text="no")


def test_pubsubs_own_account_is_asked_for_before_it_is_given_rights() -> None:
    session = ServiceUsage()

    ensure_agent(session, "dumont-example")

    (asked,) = session.asked
    assert asked.endswith(
        "/projects/dumont-example/services/pubsub.googleapis.com:generateServiceIdentity"
    )


def test_a_project_that_refuses_it_ends_the_deployment() -> None:
    with pytest.raises(AgentRefusedError, match="403: no"):
        ensure_agent(ServiceUsage(status=403), "dumont-example")

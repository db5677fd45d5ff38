"""A plain HTTP request wakes a sleeping instance, and its own server answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import httpx

from tests.e2e.waiting import until

if TYPE_CHECKING:
    from tests.e2e.person import Person

# On a machine that shares its network the outside port is the inside one (VAST_TCP_PORT_n).
SERVE = (
    "echo 'asked and answered' > ${WORKSPACE:-/workspace}/index.html; "
    "python3 -m http.server ${VAST_TCP_PORT_8080:-8080} -d ${WORKSPACE:-/workspace}"
)


def test_a_request_is_answered_by_an_instance_that_slept(person: Person) -> None:
    cloud = person.cloud
    accepted = cloud.instances.create(replace(person.order(), onstart=SERVE, ports=(8080,)))
    cloud.operations.wait(accepted.operation.id, timeout_s=120)
    assert accepted.instance
    instance_id = accepted.instance.id
    cloud.operations.wait(cloud.instances.hibernate(instance_id).operation.id, timeout_s=120)

    answers: list[int] = []

    def asked() -> httpx.Response | None:
        """As who gets a 503 asks again."""
        with httpx.Client(base_url=person.stack.url, headers=person.bearer, timeout=90) as http:
            answer = http.get(f"/proxy/{instance_id}/index.html")
        answers.append(answer.status_code)
        return answer if answer.status_code == 200 else None

    found = until("an answer", asked, 150)

    assert found.text == "asked and answered\n"
    assert set(answers) <= {200, 503}
    assert cloud.serverless.get(instance_id).ready
    until("the lease's end", lambda: not cloud.serverless.get(instance_id).open_leases, 10)

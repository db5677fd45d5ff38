"""Whatever is sent, the answer is one that the API's own reference describes.

schemathesis makes calls from the OpenAPI document, such as it allows and such as it does not, to
every function behind the local stack's gateway. Each is made twice: with the ids that it thought
of, and with those of things that are there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from infra.local.gateway import Gateway, load_functions
from infra.packaging.manifest import load
from shared import bootstrap
from shared.app.auth.access_tokens import AccessClaims, mint
from shared.domain.principals import Scope
from shared.domain.users.sessions import FamilyId
from shared.edge.files import openapi_document
from tests.orchestration.cloud import Cloud
from tests.security.estate import Estate, settle
from tests.security.people import bearer, key, person

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from schemathesis import Case

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 12  # of each operation and kind
# Of nine calls one is without a login, and one with a false one.
NOTHING, FORGED, PROVED = 1, 2, 9


def no_blobs(_environ: Any, start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [])
    return [b""]


@cache
def stack() -> Gateway:
    return Gateway(load_functions(load()), no_blobs)


@cache
def reference() -> Any:
    return schemathesis.openapi.from_wsgi("/api/openapi.json", stack())


def operations() -> list[tuple[str, str]]:
    paths = json.loads(openapi_document().content)["paths"]
    return [(path, method.upper()) for path, each in paths.items() for method in each]


@dataclass(frozen=True, slots=True)
class World:
    cloud: Cloud
    hers: Estate
    metrics: dict[str, str]

    def headers(self, path: str, proof: int) -> Mapping[str, str]:
        """A login of this moment: time passes from call to call, so that no limit is met."""
        self.cloud.clock.advance(400)
        if proof == NOTHING:
            return {}
        if proof == FORGED:
            return bearer("forged")
        if path == "/metrics":
            return self.metrics
        claims = AccessClaims(self.hers.owner.id, FamilyId("fam_1"))
        return bearer(mint(self.cloud.services, claims))


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    cloud = Cloud()
    bootstrap.use(cloud.services)
    ada = person(cloud.services, "ada", operator=True)
    yield World(cloud, settle(cloud, ada), key(cloud.services, ada.login, Scope.METRICS))
    bootstrap.use(None)


@pytest.mark.parametrize(("path", "method"), operations(), ids=str)
def test_every_answer_is_one_that_the_reference_describes(
    world: World, path: str, method: str
) -> None:
    operation = reference()[path][method]
    made = st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(made, st.integers(1, PROVED))
    def tried(case: Case, proof: int) -> None:
        shown = world.headers(path, proof)
        case.call_and_validate(headers=shown, checks=CHECKS)
        if case.path_parameters:
            real = {**case.path_parameters, **world.hers.machine, **world.hers.ids}
            case.path_parameters = {name: real[name] for name in case.path_parameters}
            case.call_and_validate(headers=shown, checks=CHECKS)

    tried()

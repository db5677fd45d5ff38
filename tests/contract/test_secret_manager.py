"""The master key in Secret Manager: read late and once, renewed by versions."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from google.auth.transport.requests import AuthorizedSession
from google.oauth2.credentials import Credentials

from shared.adapters.secret_manager.secrets import (
    REFRESH_S,
    RETRY_S,
    SETTLED,
    SecretManagerSecrets,
)
from shared.adapters.secret_manager.versions import SecretVersions
from shared.domain.errors import Forbidden, KeysUnavailable
from tests.contract.secret_manager_server import NAME, TOKEN, SecretManagerServer

SETTLED_S = SETTLED.total_seconds()


@pytest.fixture
def server(clock):
    with SecretManagerServer() as made:
        made.add(os.urandom(32), clock.now() - timedelta(days=1))
        yield made


@pytest.fixture
def process(server, clock):
    """Starts one: what it knows of the key is its own."""
    sessions = []

    def start(token=TOKEN):
        session = AuthorizedSession(Credentials(token=token))
        sessions.append(session)
        return SecretManagerSecrets(SecretVersions(NAME, session, server.url), clock)

    yield start
    for each in sessions:
        each.close()


def kids(secrets):
    return [key.kid for key in secrets.signing_keys("a")]


def test_nothing_is_read_before_the_first_use_and_each_version_once(process, server):
    secrets = process()
    assert server.calls == []

    for _ in range(3):
        secrets.signing_keys("a")
        secrets.open(secrets.seal("plain", "c"), "c")

    assert server.calls == ["/versions", "/versions/1:access"]


def test_every_process_derives_the_same_keys(process):
    first, again = process(), process()

    assert first.signing_keys("a") == again.signing_keys("a")
    assert first.signing_keys("a") != first.signing_keys("b")
    assert all(len(key.secret) == 32 for key in first.signing_keys("a"))
    assert again.open(first.seal("plain", "c"), "c") == "plain"


def test_a_new_version_signs_only_when_every_process_can_know_it(process, server, clock):
    old = process()
    assert kids(old) == ["k1"]

    server.add(os.urandom(32), clock.now())
    new = process()

    assert kids(new) == ["k1", "k2"]
    clock.advance(REFRESH_S)
    assert kids(old) == ["k1", "k2"]
    clock.advance(SETTLED_S - REFRESH_S + 1)
    assert kids(old) == kids(new) == ["k2", "k1"]


@pytest.mark.parametrize("after_s", range(0, int(SETTLED_S) + 1200, 600))
def test_at_every_moment_of_a_rotation_each_process_accepts_what_any_other_signs(
    process, server, clock, after_s
):
    server.add(os.urandom(32), clock.now() - timedelta(hours=12))
    processes = [process()]
    processes[0].signing_keys("a")
    clock.advance(600)
    server.add(os.urandom(32), clock.now())
    clock.advance(after_s)
    processes.append(process())

    for signer in processes:
        signed_by = signer.signing_keys("a")[0]
        for reader in processes:
            assert signed_by in reader.signing_keys("a")


def test_at_rest_two_keys_live_and_older_ones_are_dead(process, server, clock):
    for _ in range(3):
        server.add(os.urandom(32), clock.now() - timedelta(hours=6))

    assert kids(process()) == ["k4", "k3"]


def test_what_an_older_version_sealed_opens_as_long_as_it_is_enabled(process, server, clock):
    sealed = process().seal("plain", "c")
    for _ in range(4):
        server.add(os.urandom(32), clock.now() - timedelta(hours=6))

    secrets = process()
    assert secrets.open(sealed, "c") == "plain"
    assert secrets.seal("plain", "c").startswith("s2.5.")

    server.versions[0].state = "DISABLED"
    with pytest.raises(Forbidden):
        process().open(sealed, "c")


def test_a_disabled_version_signs_nothing_and_is_not_accepted(process, server, clock):
    server.add(os.urandom(32), clock.now() - timedelta(hours=6))
    server.versions[1].state = "DISABLED"

    assert kids(process()) == ["k1"]


def test_another_context_or_text_does_not_open(process):
    secrets = process()
    sealed = secrets.seal("plain", "acct_1")

    for text, context in (
        (sealed, "acct_2"),
        (sealed[:-4], "acct_1"),
        (sealed.replace("s2.1.", "s2.2."), "acct_1"),
        (sealed.replace("s2.1.", "s1."), "acct_1"),
        (sealed.replace("s2.1.", "s2.01."), "acct_1"),
        ("", "acct_1"),
    ):
        with pytest.raises(Forbidden):
            secrets.open(text, context)


def test_a_version_that_is_no_key_is_passed_over(process, server, clock):
    server.add(b"not 32 bytes", clock.now() - timedelta(hours=6))

    assert kids(process()) == ["k1"]


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_a_key_that_cannot_be_read_is_no_refusal_of_the_caller(process, server, status):
    server.status = status

    with pytest.raises(KeysUnavailable):
        process().signing_keys("a")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"versions": [{}]}', b'{"versions": 7}'])
def test_an_answer_that_makes_no_sense_is_none(process, server, body):
    server.body = body

    with pytest.raises(KeysUnavailable):
        process().signing_keys("a")


def test_without_a_version_there_is_no_key(process, server):
    server.versions.clear()

    with pytest.raises(KeysUnavailable):
        process().seal("plain", "c")


def test_our_own_token_goes_with_every_call(process):
    with pytest.raises(KeysUnavailable):
        process(token="another").signing_keys("a")


def test_a_known_key_is_used_on_while_secret_manager_is_away(process, server, clock):
    secrets = process()
    keys = secrets.signing_keys("a")
    server.status = 503
    clock.advance(REFRESH_S)
    before = len(server.calls)

    for _ in range(5):
        assert secrets.signing_keys("a") == keys
    assert len(server.calls) == before + 1

    server.status = None
    server.add(os.urandom(32), clock.now() - timedelta(hours=6))
    clock.advance(RETRY_S)
    assert kids(secrets) == ["k2", "k1"]


def test_a_server_that_is_gone_is_no_answer(clock):
    with SecretManagerServer() as gone:
        url = gone.url
    with AuthorizedSession(Credentials(token=TOKEN)) as session, pytest.raises(KeysUnavailable):
        SecretManagerSecrets(SecretVersions(NAME, session, url), clock).signing_keys("a")


@pytest.mark.parametrize("name", ["", "dumont", "projects/p/secrets/a/../b", "projects/p/secrets/"])
def test_a_name_that_is_none_is_refused_at_once(name):
    with pytest.raises(ValueError, match="projects/"):
        SecretVersions(name)

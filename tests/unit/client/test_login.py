from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from frontend.client import errors
from frontend.client.vault import Tokens
from tests.unit.client.fake_cloud import FakeCloud, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from frontend.client.dumont import Dumont

REFRESH = ("POST", "/api/auth/refresh")


def test_a_login_is_used_from_then_on(cloud: FakeCloud, connect: Callable[..., Dumont]) -> None:
    client = connect()

    user = client.auth.login("ada@example.org", "correct horse battery")

    assert user.email == "ada@example.org"
    assert client.auth.me() == user
    assert "authorization" not in cloud.calls("POST", "/api/auth/login")[0].headers


def test_registering_logs_in(connect: Callable[..., Dumont]) -> None:
    client = connect()

    client.auth.register("ada@example.org", "correct horse battery")

    assert client.auth.me().id == "user_1"


def test_a_wrong_password_is_told_without_trying_to_refresh(
    cloud: FakeCloud, client: Dumont
) -> None:
    with pytest.raises(errors.Unauthenticated, match="password is wrong"):
        client.auth.login("ada@example.org", "wrong")

    assert cloud.calls(*REFRESH) == []


def test_a_lapsed_access_token_is_renewed_on_the_way(cloud: FakeCloud, client: Dumont) -> None:
    cloud.access = "another"

    instances = client.instances.list()

    assert instances.count == 1
    assert client.transport.vault.load() == Tokens("access-2", "refresh-2")


def test_a_renewal_does_not_make_a_spending_call_another_one(
    cloud: FakeCloud, client: Dumont
) -> None:
    cloud.access = "another"

    client.instances.pause("inst_1")

    refused, done = cloud.calls("POST", "/api/instances/inst_1/pause")
    assert refused.headers["idempotency-key"] == done.headers["idempotency-key"]


def test_threads_that_share_a_client_spend_the_refresh_token_once(
    cloud: FakeCloud, client: Dumont
) -> None:
    cloud.access = "another"
    failed: list[Exception] = []

    def ask() -> None:
        try:
            client.auth.me()
        except errors.DumontError as error:
            failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert len(cloud.calls(*REFRESH)) == 1


def test_a_login_that_has_ended_is_forgotten(cloud: FakeCloud, client: Dumont) -> None:
    cloud.access = cloud.refresh = "another"

    with pytest.raises(errors.Unauthenticated, match="expired"):
        client.auth.me()

    assert client.transport.vault.load() is None


def test_a_cut_answer_to_the_renewal_is_asked_for_again(cloud: FakeCloud, client: Dumont) -> None:
    cloud.access = "another"
    cloud.script(*REFRESH, Reply(cut=True, body={"access_token": "x" * 50}))

    client.auth.me()

    assert len(cloud.calls(*REFRESH)) == 2


def test_an_api_key_goes_before_a_login_and_is_never_refreshed(
    cloud: FakeCloud, connect: Callable[..., Dumont]
) -> None:
    good = connect(api_key="key-1", token="access-1", refresh_token="refresh-1")
    bad = connect(api_key="key-2", token="access-1", refresh_token="refresh-1")

    good.auth.me()
    with pytest.raises(errors.Unauthenticated):
        bad.auth.me()

    assert cloud.calls("GET", "/api/auth/me")[0].headers["authorization"] == "Bearer key-1"
    assert cloud.calls(*REFRESH) == []


def test_logging_out_ends_the_login_here_and_there(cloud: FakeCloud, client: Dumont) -> None:
    client.auth.logout()

    (told,) = cloud.calls("POST", "/api/auth/logout")
    assert told.body == {"refresh_token": "refresh-1"}
    assert client.transport.vault.load() is None


def test_secrets_do_not_show_in_representations() -> None:
    assert "hush" not in repr(Tokens("hush", "hush"))

"""The decisions, without a store."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.errors import Invalid
from shared.domain.ids import ApiKeyId, InstanceId, UserId
from shared.domain.principals import Scope
from shared.domain.users import sessions
from shared.domain.users.attempts import LONGEST_WAIT, LoginAttempts, wait_s, with_failure
from shared.domain.users.emails import normalised
from shared.domain.users.keys import ApiKey, accepted_name, accepted_scopes, key_text, parse_key
from shared.domain.users.passwords import accepted
from shared.domain.users.secret_text import base62, digest, secret_from
from shared.domain.users.sessions import FamilyId, Verdict, judge, rotated

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = secret_from("one")
ONE = InstanceId("inst_1")


@pytest.mark.parametrize(
    ("typed", "spelling"),
    [
        ("ann@example.org", "ann@example.org"),
        ("  Ann.B@Example.ORG ", "ann.b@example.org"),
        ("ann+gpu@dumont.local", "ann+gpu@dumont.local"),
        ("root@localhost", "root@localhost"),
        ("ünal@münchen.de", "ünal@münchen.de"),
        ("\uff41nn@example.org", "ann@example.org"),
        ("a/b@x.de", "a/b@x.de"),
    ],
)
def test_an_address_has_one_spelling(typed: str, spelling: str) -> None:
    assert normalised(typed) == spelling
    assert normalised(spelling) == spelling


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "@",
        "ann",
        "ann@",
        "@example.org",
        "ann@@example.org",
        "ann@example..org",
        "ann@.org",
        "ann@-example.org",
        "ann b@example.org",
        "ann@exa mple.org",
        ".ann@example.org",
        "ann.@example.org",
        '"ann"@example.org',
        "ann\x00@example.org",
        "ann\u202e@example.org",
        "\ud800@example.org",
        "a" * 65 + "@example.org",
        "a@" + "b" * 64 + ".org",
        "a@" + "b." * 130 + "org",
    ],
)
def test_what_is_no_address_is_refused_with_a_pointer(typed: str) -> None:
    with pytest.raises(Invalid) as refusal:
        normalised(typed)

    assert refusal.value.pointer == "/email"


@pytest.mark.parametrize("password", ["x" * 12, "x" * 128, "пароль длинный"])
def test_a_password_of_12_to_128_characters_fits(password: str) -> None:
    assert accepted(password) == password


@pytest.mark.parametrize(
    "password",
    [
        "",
        "x" * 11,
        "x" * 129,
        "\ud800" * 12,
        "e\u0301" * 6,  # six letters, however they were typed
    ],
)
def test_any_other_password_is_refused(password: str) -> None:
    with pytest.raises(Invalid) as refusal:
        accepted(password)

    assert refusal.value.pointer == "/password"


def _failures(*seconds_ago: float) -> LoginAttempts:
    moments = tuple(NOW - timedelta(seconds=each) for each in seconds_ago)
    return LoginAttempts(moments, NOW + timedelta(minutes=15))


@pytest.mark.parametrize(
    ("attempts", "wait"),
    [
        (None, 0),
        (_failures(5, 4, 3, 2), 0),
        (_failures(5, 4, 3, 2, 0), 30),
        (_failures(5, 4, 3, 2, 1), 29),
        (_failures(60, 60, 60, 60, 31), 0),
        (_failures(901, 4, 3, 2, 1), 0),
        (_failures(100, 90, 80, 70, 60, 0), 60),
        (_failures(*[1] * 16), 899),
        (_failures(*[-3600] * 5), 900),  # the clock was set back
    ],
)
def test_the_sixth_attempt_in_a_quarter_of_an_hour_waits(
    attempts: LoginAttempts | None, wait: float
) -> None:
    assert wait_s(attempts, NOW) == wait


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.integers(0, 2000), max_size=60))
def test_no_history_of_failures_keeps_the_owner_out_for_long(gaps_s: list[int]) -> None:
    attempts, moment = None, NOW

    for gap in gaps_s:
        moment += timedelta(seconds=gap)
        attempts = with_failure(attempts, moment)

    assert 0 <= wait_s(attempts, moment) <= LONGEST_WAIT.total_seconds()
    assert wait_s(attempts, moment + LONGEST_WAIT) == 0


FRESH = sessions.opened(FamilyId("fam_1"), UserId("user_1"), 1, SECRET, NOW)
NEXT = secret_from("two")
TURNED = rotated(FRESH, NEXT, NOW)


@pytest.mark.parametrize(
    ("family", "secret", "epoch", "later_s", "verdict"),
    [
        (FRESH, SECRET, 1, 0, Verdict.ROTATE),
        (FRESH, SECRET, 1, 30 * 86_400 - 1, Verdict.ROTATE),
        (FRESH, SECRET, 1, 30 * 86_400, Verdict.OVER),
        (FRESH, SECRET, 2, 0, Verdict.OVER),
        (FRESH, NEXT, 1, 0, Verdict.REUSED),
        (TURNED, NEXT, 1, 0, Verdict.ROTATE),
        (TURNED, SECRET, 1, 0, Verdict.REPEAT),
        (TURNED, SECRET, 1, 10, Verdict.REPEAT),
        (TURNED, SECRET, 1, -5, Verdict.REPEAT),
        (TURNED, SECRET, 1, 10.001, Verdict.REUSED),
        (rotated(TURNED, secret_from("three"), NOW), SECRET, 1, 0, Verdict.REUSED),
    ],
)
def test_only_the_newest_token_and_for_a_moment_its_predecessor_are_good(
    family: sessions.RefreshFamily, secret: str, epoch: int, later_s: float, verdict: Verdict
) -> None:
    assert judge(family, secret, epoch, NOW + timedelta(seconds=later_s)) is verdict


def test_a_login_ends_after_180_days_however_often_it_is_refreshed() -> None:
    family = FRESH

    for day in range(1, 180):
        family = rotated(family, secret_from(str(day)), NOW + timedelta(days=day))

    assert family.expires_at == NOW + timedelta(days=180)


def test_a_successor_is_found_again_under_either_live_key_and_under_no_other() -> None:
    turned = rotated(FRESH, sessions.successor(SECRET, b"old"), NOW)

    found = sessions.successor_in_use(turned, SECRET, (b"new", b"old"))
    lost = sessions.successor_in_use(turned, SECRET, (b"newer", b"new"))

    assert found is not None
    assert digest(found) == turned.current_hash
    assert lost is None


@settings(deadline=None)  # the machine may be busy
@given(st.text(max_size=80))
def test_no_text_makes_the_parsers_fail(text: str) -> None:
    family, key = sessions.parse_token(text), parse_key(text)

    assert family is None or sessions.token_text(*family) == text
    assert key is None or key_text(*key) == text


@settings(deadline=None)  # the machine may be busy
@given(st.integers(0, 42), st.sampled_from(string.ascii_letters + string.digits))
def test_a_changed_letter_is_noticed_without_a_look_up(place: int, letter: str) -> None:
    text = key_text(ApiKeyId("key_01ABC"), SECRET)
    start = text.index(SECRET) + place
    changed = text[:start] + letter + text[start + 1 :]

    assert parse_key(text) == ("key_01ABC", SECRET)
    assert (parse_key(changed) is None) == (changed != text)


@settings(deadline=None)  # the machine may be busy
@given(st.binary(min_size=32, max_size=32))
def test_32_bytes_are_43_digits_in_base_62(content: bytes) -> None:
    text = base62(content, 43)

    number = 0
    for digit in text:
        number = number * 62 + (
            string.digits + string.ascii_uppercase + string.ascii_lowercase
        ).index(digit)
    assert len(text) == 43
    assert number.to_bytes(32, "big") == content


def test_a_key_opens_with_its_secret_until_it_expires() -> None:
    key = ApiKey(ApiKeyId("key_1"), UserId("user_1"), "ci", (Scope.READ,), digest(SECRET), NOW)
    dated = replace(key, expires_at=NOW + timedelta(days=1))

    assert key.opens_with(SECRET, NOW + timedelta(days=10_000))
    assert not key.opens_with(NEXT, NOW)
    assert dated.opens_with(SECRET, NOW)
    assert not dated.opens_with(SECRET, NOW + timedelta(days=1))


@pytest.mark.parametrize(
    ("scopes", "instance_id", "kept"),
    [
        ([Scope.WRITE, Scope.READ, Scope.READ], None, (Scope.READ, Scope.WRITE)),
        ([Scope.PROXY], None, (Scope.PROXY,)),
        ([Scope.PROXY, Scope.PROXY], ONE, (Scope.PROXY,)),
        ([], None, None),
        ([], ONE, None),
        ([Scope.READ], ONE, None),
        ([Scope.PROXY, Scope.WRITE], ONE, None),
    ],
)
def test_a_key_for_one_instance_can_do_nothing_beside(
    scopes: list[Scope], instance_id: InstanceId | None, kept: tuple[Scope, ...] | None
) -> None:
    if kept is None:
        with pytest.raises(Invalid):
            accepted_scopes(scopes, instance_id)
    else:
        assert accepted_scopes(scopes, instance_id) == kept


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "a\x00b", "\ud800", "x" * 101])
def test_a_name_that_a_list_cannot_show_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        accepted_name(name)

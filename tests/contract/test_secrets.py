"""Keys: one file, everything else derived from it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.adapters.embedded.secrets import EmbeddedSecrets
from shared.adapters.sealing import hkdf_sha256
from shared.domain.errors import Forbidden


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "master.json"


def test_the_file_is_its_owners_alone_and_the_same_at_every_start(path):
    first = EmbeddedSecrets(path)
    again = EmbeddedSecrets(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert first.signing_keys("a") == again.signing_keys("a")
    assert again.open(first.seal("plain", "c"), "c") == "plain"
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_of_processes_that_start_together_one_makes_the_key(path):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: EmbeddedSecrets(path), range(8)))

    assert len({secrets.signing_keys("a") for secrets in made}) == 1


def test_keys_differ_by_purpose_and_there_are_two_of_each(path):
    secrets = EmbeddedSecrets(path)
    keys = [key for purpose in ("a", "b", "a b") for key in secrets.signing_keys(purpose)]

    assert len({key.secret for key in keys}) == 6
    assert all(len(key.secret) == 32 for key in keys)


def test_a_rotation_makes_a_new_key_and_keeps_the_one_before(path):
    secrets = EmbeddedSecrets(path)
    newest, oldest = secrets.signing_keys("a")
    sealed = secrets.seal("plain", "c")

    secrets.rotate()

    assert secrets.signing_keys("a")[1] == newest
    assert oldest not in secrets.signing_keys("a")
    assert EmbeddedSecrets(path).signing_keys("a") == secrets.signing_keys("a")
    assert path.stat().st_mode & 0o777 == 0o600
    assert secrets.open(sealed, "c") == "plain"


@pytest.mark.parametrize("plain", ["", "vast key ü", "x" * 10_000])
def test_what_is_sealed_opens_under_its_context(path, plain):
    secrets = EmbeddedSecrets(path)

    sealed = secrets.seal(plain, "acct_1")

    assert plain not in sealed or not plain
    assert secrets.open(sealed, "acct_1") == plain
    assert secrets.seal(plain, "acct_1") != sealed


@pytest.mark.parametrize(
    "change",
    [
        lambda sealed: "",
        lambda sealed: "s1.",
        lambda sealed: sealed[3:],
        lambda sealed: sealed[:-4],
        lambda sealed: sealed[:10] + ("A" if sealed[10] != "A" else "B") + sealed[11:],
        lambda sealed: sealed.replace("s1.", "s2."),
        lambda sealed: "s1.é",
        lambda sealed: "s1.%%%%",
    ],
)
def test_what_was_not_sealed_here_does_not_open(path, change):
    secrets = EmbeddedSecrets(path)

    with pytest.raises(Forbidden):
        secrets.open(change(secrets.seal("plain", "acct_1")), "acct_1")


def test_another_context_or_another_key_does_not_open(path, tmp_path):
    secrets = EmbeddedSecrets(path)
    sealed = secrets.seal("plain", "acct_1")

    with pytest.raises(Forbidden):
        secrets.open(sealed, "acct_2")
    with pytest.raises(Forbidden):
        EmbeddedSecrets(tmp_path / "other.json").open(sealed, "acct_1")


def test_a_key_that_others_can_read_is_refused(path):
    EmbeddedSecrets(path)
    path.chmod(0o640)

    with pytest.raises(Forbidden):
        EmbeddedSecrets(path)


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[]", '{"master_key": "AAAA", "rotation": 1}', '{"master_key": 5, "rotation": 1}'],
)
def test_a_file_that_is_no_key_is_refused(path, content):
    path.parent.mkdir()
    path.write_text(content)
    path.chmod(0o600)

    with pytest.raises(Forbidden):
        EmbeddedSecrets(path)


@pytest.mark.parametrize(
    ("secret", "salt", "purpose", "expected"),
    [
        (  # RFC 5869, A.1
            b"\x0b" * 22,
            bytes(range(13)),
            bytes(range(0xF0, 0xFA)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
        ),
        (  # RFC 5869, A.3
            b"\x0b" * 22,
            b"",
            b"",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d",
        ),
    ],
)
def test_keys_are_derived_as_rfc_5869_says(secret, salt, purpose, expected):
    assert hkdf_sha256(secret, purpose, salt).hex() == expected

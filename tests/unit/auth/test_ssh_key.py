"""The public key that goes with an order that names none."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from shared.app.auth.ssh_key import set_ssh_key, ssh_key_of
from shared.domain.errors import Forbidden, Invalid
from shared.domain.replacing import replace
from shared.domain.users.ssh_keys import accepted_line
from tests.unit.auth.world import logged_in

if TYPE_CHECKING:
    from tests.unit.auth.world import World


def key_of(kind: str, fill: int = 7) -> str:
    name = kind.encode()
    blob = len(name).to_bytes(4, "big") + name + (32).to_bytes(4, "big") + bytes([fill]) * 32
    return base64.b64encode(blob).decode()


ED25519 = f"ssh-ed25519 {key_of('ssh-ed25519')} ann at home"
# By ssh-keygen -lf of OpenSSH 9.2 for the line above.
FINGERPRINT = "SHA256:gNSIRW+2Iyiuvsdp/bgjy38bvWHw6wQm3tuoXrl3WjQ"


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256"])
def test_a_public_key_of_any_usual_kind_is_taken(kind: str) -> None:
    assert accepted_line(f"  {kind}   {key_of(kind)} ") == f"{kind} {key_of(kind)}"


@pytest.mark.parametrize(
    "text",
    [
        "ssh-ed25519",
        "ssh-ed25519 !!!",
        f"ssh-ed25519 {key_of('ssh-rsa')}",
        f"ssh-ed25519 {key_of('ssh-ed25519')[:20]}",
        f"ssh-dss {key_of('ssh-dss')}",
        f'command="id" {ED25519}',
        f"{ED25519}\nssh-ed25519 {key_of('ssh-ed25519', 8)}",
        f"{ED25519}\x00",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        f"{ED25519} {'x' * 4096}",
    ],
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        accepted_line(text)

    assert refusal.value.pointer == "/public_key"


def test_a_key_is_kept_replaced_and_removed_for_its_owner_alone(world: World) -> None:
    caller, other = logged_in(world), logged_in(world, "bea@example.org")

    kept = set_ssh_key(world, caller, ED25519)
    assert kept is not None
    assert (kept.fingerprint, kept.comment) == (FINGERPRINT, "ann at home")
    assert ssh_key_of(world, other.user_id) is None
    set_ssh_key(world, caller, f"ssh-rsa {key_of('ssh-rsa')}")
    second = ssh_key_of(world, caller.user_id)
    assert second is not None
    assert second.line.startswith("ssh-rsa ")

    assert set_ssh_key(world, caller, " ") is None
    assert set_ssh_key(world, caller, "") is None
    assert ssh_key_of(world, caller.user_id) is None


def test_an_api_key_cannot_set_what_opens_the_machines(world: World) -> None:
    caller = replace(logged_in(world), session=None)

    with pytest.raises(Forbidden):
        set_ssh_key(world, caller, ED25519)

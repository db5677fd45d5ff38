"""What the environment makes of a deployment's doors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.adapters.embedded.callers import SignedCallers
from shared.adapters.oidc.callers import OidcCallers
from shared.adapters.secret_manager.secrets import SecretManagerSecrets
from shared.bootstrap import of_environment

if TYPE_CHECKING:
    from pathlib import Path

GOOGLE = {
    "DUMONT_PLATFORM": "google",
    "GOOGLE_CLOUD_PROJECT": "p",
    "DUMONT_CALLER_AUDIENCE": "https://europe-west1-p.cloudfunctions.net/tick",
    "DUMONT_CALLER_ACCOUNTS": "scheduler@p.iam.gserviceaccount.com, ops@p.iam.gserviceaccount.com",
}


def test_the_embedded_platform_proves_itself_by_our_own_signature(tmp_path: Path) -> None:
    services = of_environment({"DUMONT_DATA_DIR": str(tmp_path)})

    assert isinstance(services.callers, SignedCallers)
    assert services.callers.require("tick", "", services.callers.proof("tick"))


def test_google_proves_itself_by_its_own_tokens(tmp_path: Path) -> None:
    services = of_environment(GOOGLE | {"DUMONT_DATA_DIR": str(tmp_path)})

    assert isinstance(services.callers, OidcCallers)


@pytest.mark.parametrize("missing", ["DUMONT_CALLER_AUDIENCE", "DUMONT_CALLER_ACCOUNTS"])
def test_google_without_a_known_caller_lets_nobody_in(tmp_path: Path, missing: str) -> None:
    environment = GOOGLE | {"DUMONT_DATA_DIR": str(tmp_path)}
    unsaid = {name: value for name, value in environment.items() if name != missing}

    with pytest.raises(KeyError):
        _ = of_environment(unsaid).callers
    with pytest.raises(ValueError, match="audience"):
        _ = of_environment(environment | {missing: ""}).callers


def test_emulators_have_no_tokens_of_google(tmp_path: Path) -> None:
    environment = GOOGLE | {"DUMONT_DATA_DIR": str(tmp_path), "DUMONT_CALLER_PROOF": "signed"}
    environment["DUMONT_SECRETS"] = "file"

    assert isinstance(of_environment(environment).callers, SignedCallers)


def test_the_master_key_of_google_is_in_secret_manager_and_nowhere_else(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    name = {"DUMONT_MASTER_SECRET": "projects/p/secrets/dumont-master-key"}
    services = of_environment(GOOGLE | name | {"DUMONT_DATA_DIR": str(folder)})

    assert isinstance(services.secrets, SecretManagerSecrets)
    assert not folder.exists()


def test_google_without_a_named_secret_makes_no_key_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="DUMONT_MASTER_SECRET"):
        _ = of_environment(GOOGLE | {"DUMONT_DATA_DIR": str(tmp_path)}).secrets

    assert list(tmp_path.iterdir()) == []


def test_beside_the_emulators_the_master_key_is_a_file_for_its_owner(tmp_path: Path) -> None:
    environment = GOOGLE | {"DUMONT_DATA_DIR": str(tmp_path / "data"), "DUMONT_SECRETS": "file"}

    assert of_environment(environment).secrets.signing_keys("a")

    (path,) = (tmp_path / "data").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600

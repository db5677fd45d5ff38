"""`make deploy` up to where a cloud is needed."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from infra.packaging.manifest import ROOT, load
from shared.bootstrap import GoogleServices, of_environment
from tests.terraform import plans
from tests.terraform.conftest import miss

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.terraform


def dry_run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "infra.deploy", "--project", "dumont-example", "--dry-run"]
    return subprocess.run(
        [*command, "--folder", str(folder), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_dry_run_plans_everything_with_what_the_person_chose_and_changes_nothing(
    tmp_path: Path,
) -> None:
    if plans.binary() is None:
        miss("there is no terraform")
    folder = plans.copied(tmp_path)
    chosen = tmp_path / "mine.tfvars"
    chosen.write_text('region = "europe-west1"\nalert_emails = ["one@example.com"]\n')

    ended = dry_run(folder, "--var-file", str(chosen))

    if "could not find default credentials" in ended.stderr:
        miss("the plan asks Google for the project's number, and nobody is logged in")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.endswith("Nothing was changed.\n")
    said = re.sub(r"\x1b\[[0-9;]*m", "", ended.stdout)
    (count,) = re.findall(r"Plan: (\d+) to add, 0 to change, 0 to destroy", said)
    assert int(count) > 10 * len(load().functions)
    assert "europe-west1" in said
    assert not list(folder.glob("*.tfstate"))
    assert not (folder / "backend.tf").exists()


def test_what_deploying_goes_on_with_is_put_out(direct: plans.Plan) -> None:
    environment = direct.outputs["environment"]

    secret = direct.one("google_secret_manager_secret.master_key")["secret_id"]
    assert environment["DUMONT_MASTER_SECRET"] == f"projects/dumont-example/secrets/{secret}"
    assert environment["DUMONT_PUBLIC_URL"] == direct.outputs["public_url"]
    assert direct.outputs["site_url"].startswith(environment["DUMONT_SITE_ORIGIN"])
    assert isinstance(of_environment(environment), GoogleServices)

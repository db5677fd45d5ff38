"""The order of Terraform's steps, by a program that writes down how it was called."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from infra.deploy import orders
from infra.deploy.terraform import Terraform, TerraformFailedError

if TYPE_CHECKING:
    from pathlib import Path

RECORDER = """#!/bin/sh
echo "$@" >> "{calls}"
case "$1" in output) echo '{outputs}' ;; {failing}) exit 1 ;; esac
"""


class Recorder:
    """Stands where terraform would, in a folder of its own."""

    def __init__(self, folder: Path, failing: str = "nothing") -> None:
        self.folder = folder
        self._calls = folder / "calls"
        outputs = json.dumps({"public_url": {"value": "https://api.example.com"}})
        self.program = folder / "terraform"
        self.program.write_text(
            RECORDER.format(calls=self._calls, outputs=outputs, failing=failing)
        )
        self.program.chmod(0o700)

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines() if self._calls.exists() else []


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path)


def steps(recorder: Recorder, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Terraform:
    monkeypatch.setenv("TERRAFORM", str(recorder.program))
    told = orders.read(
        ["--project", "dumont-example", "--folder", str(recorder.folder), *arguments]
    )
    return Terraform(told)


def test_the_state_is_kept_in_the_projects_bucket(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps(recorder, monkeypatch).prepare()

    (call,) = recorder.calls
    assert call.startswith("init ")
    assert "-backend-config=bucket=dumont-example-terraform-state" in call
    assert 'backend "gcs"' in (recorder.folder / "backend.tf").read_text()


def test_a_dry_run_needs_no_bucket(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    terraform = steps(recorder, monkeypatch, "--dry-run")

    terraform.prepare()
    terraform.plan()

    assert recorder.calls == [
        "init -backend=false -input=false",
        "plan -input=false -lock=false -var=project_id=dumont-example",
    ]
    assert not (recorder.folder / "backend.tf").exists()


def test_a_dry_run_where_somebody_deployed_plans_against_what_is_there(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps(recorder, monkeypatch).prepare()

    steps(recorder, monkeypatch, "--dry-run").prepare()

    assert recorder.calls[0] == recorder.calls[1]


def test_nothing_is_applied_unasked_unless_it_was_approved(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = recorder.folder / "mine.tfvars"

    steps(recorder, monkeypatch, "--var-file", str(variables)).apply()
    steps(recorder, monkeypatch, "--yes").apply()

    assert recorder.calls == [
        f"apply -var=project_id=dumont-example -var-file={variables}",
        "apply -auto-approve -var=project_id=dumont-example",
    ]


def test_what_it_put_out_is_read_by_name(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert steps(recorder, monkeypatch).outputs() == {"public_url": "https://api.example.com"}


def test_a_step_that_fails_ends_the_deployment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terraform = steps(Recorder(tmp_path, failing="apply"), monkeypatch)

    with pytest.raises(TerraformFailedError, match="terraform apply failed"):
        terraform.apply()


def test_a_machine_without_terraform_is_told(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.program.unlink()

    with pytest.raises(TerraformFailedError, match="install Terraform"):
        steps(recorder, monkeypatch).require()

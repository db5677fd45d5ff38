"""Terraform's steps: prepare, plan, apply, and what it put out."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from infra.deploy.orders import Orders

BACKEND = 'terraform {\n  backend "gcs" {}\n}\n'


class TerraformFailedError(Exception):
    """It said why itself, on the terminal."""


class Terraform:
    """Runs in the configuration's folder; its words go to the terminal."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    def require(self) -> None:
        """Raises TerraformFailedError where there is none."""
        if shutil.which(self._orders.terraform) is None:
            raise TerraformFailedError(
                f"{self._orders.terraform} is not there: install Terraform 1.9 or newer, "
                "or name it with TERRAFORM"
            )

    def prepare(self) -> None:
        """With the state in the project's bucket; a dry run without one keeps none."""
        if self._orders.dry_run and not self._backend.exists():
            self._run("init", "-backend=false", "-input=false")
            return
        self._backend.write_text(BACKEND)
        bucket = f"-backend-config=bucket={self._orders.state_bucket}"
        self._run("init", "-input=false", "-reconfigure", bucket, "-backend-config=prefix=dumont")

    def plan(self) -> None:
        self._run("plan", "-input=false", "-lock=false", *self._orders.given)

    def apply(self) -> None:
        """Asks on the terminal unless it is approved beforehand."""
        asking = ["-auto-approve"] if self._orders.approved else []
        self._run("apply", *asking, *self._orders.given)

    def outputs(self) -> dict[str, Any]:
        told = self._started("output", "-json", capture=True).stdout
        return {name: each["value"] for name, each in json.loads(told).items()}

    @property
    def _backend(self) -> Path:
        # Not among the sources: with it nothing could be planned before there is a bucket.
        return self._orders.folder / "backend.tf"

    def _run(self, *arguments: str) -> None:
        self._started(*arguments, capture=False)

    def _started(self, *arguments: str, capture: bool) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            [self._orders.terraform, *arguments],
            cwd=self._orders.folder,
            stdout=subprocess.PIPE if capture else None,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise TerraformFailedError(f"terraform {arguments[0]} failed")
        return ended

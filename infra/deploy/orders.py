"""What whoever deploys asks for."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from infra.packaging.manifest import ROOT

CONFIGURATION = ROOT / "terraform"


@dataclass(frozen=True, slots=True)
class Orders:
    """`variables` are files of Terraform's; `terraform` is the program. A dry run calls no cloud
    but what the plan asks, and changes nothing.
    """

    project: str
    variables: tuple[Path, ...]
    terraform: str
    folder: Path
    dry_run: bool
    approved: bool

    @property
    def state_bucket(self) -> str:
        return f"{self.project}-terraform-state"

    @property
    def given(self) -> list[str]:
        """For plan and apply."""
        files = [f"-var-file={path.resolve()}" for path in self.variables]
        return [f"-var=project_id={self.project}", *files]


def read(arguments: list[str]) -> Orders:
    """Exits with a usage for what is missing."""
    parser = argparse.ArgumentParser(prog="make deploy", description=__doc__)
    parser.add_argument("--project", required=True, help="the Google Cloud project")
    parser.add_argument("--var-file", type=Path, action="append", default=[])
    parser.add_argument("--folder", type=Path, default=CONFIGURATION, help="of the configuration")
    parser.add_argument("--dry-run", action="store_true", help="plan, and change nothing")
    parser.add_argument("--yes", action="store_true", help="apply without asking")
    told = parser.parse_args(arguments)
    terraform = os.environ.get("TERRAFORM", "terraform")
    return Orders(
        told.project, tuple(told.var_file), terraform, told.folder, told.dry_run, told.yes
    )

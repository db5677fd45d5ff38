"""Writes what Terraform must know of the alerts: their names, and what each tells to do.

`python -m infra.packaging.alerts --write` renews terraform/alerts.json from the alarms of the code
and the sections of the runbook. `--check` fails when it is stale.
"""

from __future__ import annotations

import json
import sys

from infra.packaging.generated import keep
from infra.packaging.manifest import ROOT
from shared.app.alarms import Alarm

DOCUMENT = ROOT / "terraform" / "alerts.json"
RUNBOOK = ROOT / "shared" / "edge" / "assets" / "content" / "75-runbook.md"


def sections(page: str) -> dict[str, str]:
    """What stands under each heading of the second level, by the heading."""
    _, *parts = page.split("\n## ")
    headed = (part.partition("\n") for part in parts)
    return {heading.strip(): text.strip() for heading, _, text in headed}


def render() -> str:
    """The document's text. Raises ValueError for an alarm that the runbook does not know."""
    said = sections(RUNBOOK.read_text())
    for alarm in Alarm:
        if alarm not in said:
            raise ValueError(f"{RUNBOOK.relative_to(ROOT)} has no section {alarm}")
    logged = sorted(alarm.value for alarm in Alarm)
    return json.dumps({"logged": logged, "said": said}, indent=1, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    return keep("infra.packaging.alerts", DOCUMENT, render, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

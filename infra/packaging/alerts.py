"""Writes what Terraform must know of the alerts: their names, and what each tells to do.

`python -m infra.packaging.alerts --write` renews terraform/alerts.json from the alarms of the code
and the sections of the runbook. `--check` fails when it is stale.
"""

from __future__ import annotations

import argparse
import json
import sys

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
    parser = argparse.ArgumentParser(prog="python -m infra.packaging.alerts")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true")
    action.add_argument("--write", action="store_true")
    chosen = parser.parse_args(arguments)
    text = render()
    if chosen.write:
        DOCUMENT.write_text(text)
        return 0
    if not DOCUMENT.exists() or DOCUMENT.read_text() != text:
        print(f"{DOCUMENT.relative_to(ROOT)} is stale: python -m infra.packaging.alerts --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

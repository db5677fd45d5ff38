"""The README says what is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text()
VARIABLE = re.compile(r"\b(?:DUMONT_[A-Z_]+|GOOGLE_CLOUD_PROJECT)\b")
READ_IN = ("shared/bootstrap.py", "infra/local", "frontend")
INSIDE = {
    "DUMONT_INDEX_S",  # between the stack and its functions: its store is at hand
    "DUMONT_SIM_URL",  # between the stack and the demo that it plays
    "DUMONT_TRACEBACK",  # for whoever works on the command line
}


def variables_read() -> set[str]:
    sources = [
        source
        for place in READ_IN
        for source in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
    ]
    return {name for source in sources for name in VARIABLE.findall(source.read_text())} - INSIDE


def test_every_variable_that_is_read_is_told_and_no_other() -> None:
    told = set(VARIABLE.findall(README))

    assert told == variables_read()


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_folder_of_the_table_is_there() -> None:
    folders = re.findall(r"^\| `([a-z_/]+/)` \|", README, re.MULTILINE)

    assert len(folders) > 10
    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []


def test_every_make_command_is_a_target() -> None:
    targets = set(re.findall(r"^([a-z-]+)[a-z -]*:", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = set(re.findall(r"\bmake ([a-z-]+)(?=[`\n ] )|`make ([a-z-]+)`", README))

    named = {name for pair in commands for name in pair if name}
    assert named
    assert named <= targets

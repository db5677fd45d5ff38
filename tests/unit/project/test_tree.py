"""What every file of the tree keeps to."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[3]
OURS = ("functions", "shared", "infra", "frontend", "tests")
MOST_LINES = 400
SOURCES = [
    source
    for folder in OURS
    for source in (ROOT / folder).rglob("*.py")
    if "node_modules" not in source.parts
]


def test_no_file_is_longer_than_one_head_holds() -> None:
    long = {
        str(source.relative_to(ROOT)): lines
        for source in SOURCES
        if (lines := len(source.read_text().splitlines())) > MOST_LINES
    }

    assert long == {}


def test_every_folder_of_code_is_a_package_whose_init_is_empty() -> None:
    folders = {source.parent for source in SOURCES}

    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
    assert [f for f in sorted(folders) if (f / "__init__.py").stat().st_size] == []


def test_every_requirement_is_one_exact_version() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pins = [line.split("#")[0].strip() for line in lines if line and not line.startswith("#")]

    assert [pin for pin in pins if pin.count("==") != 1 or "*" in pin] == []
    assert len({pin.split("==")[0].lower() for pin in pins}) == len(pins)

"""What Terraform reads of the code. Needs no terraform."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from infra.packaging import alerts, generated, indexes
from shared.ports.store import Collection, Query

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


@dataclass(frozen=True, slots=True)
class Row:
    until: str | None = None


FADING = Collection("fading", Row, expires="until")


def test_an_index_is_named_by_what_it_is_so_that_no_two_share_a_name() -> None:
    names = [each["name"] for each in json.loads(indexes.render())["indexes"]]

    assert len(set(names)) == len(names) > 20


def test_a_query_that_counts_by_expiry_alone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Query("whole", FADING)
    monkeypatch.setattr(indexes, "declared", lambda: ((FADING,), (whole,)))

    with pytest.raises(ValueError, match="whole counts by the expiry alone"):
        indexes.render()


def test_two_declarations_of_one_name_that_differ_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = Collection("fading", Row)
    monkeypatch.setattr(indexes, "_bound", lambda: iter((FADING, other)))

    with pytest.raises(ValueError, match="two declarations of fading differ"):
        indexes.declared()


def test_a_runbooks_sections_are_found_by_their_headings() -> None:
    page = "# When\n\nBefore.\n\n## one\n\n**Do:** this.\n\n## two\n\nThat.\n"

    assert alerts.sections(page) == {"one": "**Do:** this.", "two": "That."}


def test_an_alarm_without_a_section_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = tmp_path / "runbook.md"
    page.write_text("# When\n\n## orphan_found\n\nThat.\n")
    monkeypatch.setattr(alerts, "RUNBOOK", page)
    monkeypatch.setattr(alerts, "ROOT", tmp_path)

    with pytest.raises(ValueError, match=r"runbook\.md has no section"):
        alerts.render()


@pytest.mark.parametrize("generator", [indexes, alerts], ids=["indexes", "alerts"])
def test_a_stale_file_is_found_and_written_anew(
    generator: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(generated, "ROOT", tmp_path)
    monkeypatch.setattr(generator, "DOCUMENT", tmp_path / "generated.json")
    generator.DOCUMENT.write_text("{}")

    stale = generator.main(["--check"])
    generator.main(["--write"])
    fresh = generator.main(["--check"])

    assert (stale, fresh) == (1, 0)
    assert "is stale" in capsys.readouterr().out

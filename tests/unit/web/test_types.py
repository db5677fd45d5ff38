"""The web app's types follow the API's reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.web import types

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

DOCUMENT = {
    "info": {"title": "API", "description": "words"},
    "properties": {"title": {"type": "string", "title": "Title"}, "example": {"type": "integer"}},
    "items": [{"description": "words", "enum": ["a"]}],
}


def test_what_is_written_for_people_changes_no_type() -> None:
    assert types.shape(DOCUMENT) == {
        "info": {},
        "properties": {"title": {"type": "string"}, "example": {"type": "integer"}},
        "items": [{"enum": ["a"]}],
    }


def test_types_of_another_shape_are_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = tmp_path / "schema.d.ts"
    monkeypatch.setattr(types, "TYPES", written)

    written.write_text(types.first_line(types.shape_text()) + "export interface paths {}\n")
    fresh = types.is_fresh()
    written.write_text(types.first_line("{}") + "export interface paths {}\n")

    assert fresh
    assert not types.is_fresh()

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from infra.local.demo.__main__ import main
from infra.local.demo.journal import DemoFailed, Journal

if TYPE_CHECKING:
    from pathlib import Path


def test_a_step_is_told_and_timed() -> None:
    out = io.StringIO()
    journal = Journal(60, out)

    with journal.step("rent"):
        journal.say("hello")

    assert "s] -- rent" in out.getvalue()
    assert "s] hello" in out.getvalue()
    assert journal.seconds["rent"] >= 0


def test_the_limit_names_the_step_that_hung() -> None:
    journal = Journal(0.01, io.StringIO())

    with pytest.raises(DemoFailed, match=r"ended in: sleep"), journal.step("sleep"):
        journal.until("a dream", lambda: None)


def test_a_wait_of_its_own_length_names_what_did_not_come() -> None:
    journal = Journal(60, io.StringIO())

    with pytest.raises(DemoFailed, match="in vain for a train"):
        journal.until("a train", lambda: None, within_s=0.01)


def test_without_the_providers_record_there_is_no_demo(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.delenv("DUMONT_SIM_URL", raising=False)
    monkeypatch.setenv("DUMONT_DATA_DIR", str(tmp_path))

    with pytest.raises(SystemExit) as ended:
        main(["--base-url", "http://127.0.0.1:9"])

    assert ended.value.code == 2
    assert "--sim-url" in capsys.readouterr().err


def test_a_demo_that_fails_says_where_in_its_last_line_and_its_status(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main(
        ["--base-url", "http://127.0.0.1:9", "--sim-url", "http://127.0.0.1:9", "--sim-key", "k"]
    )

    last = capsys.readouterr().out.splitlines()[-1]
    assert status == 1
    assert '"ok": false' in last
    assert '"failed": "register: http://127.0.0.1:9 does not answer' in last

"""The bench of sleep reads series as they are recorded, and tells what rules would have cost."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from tests.bench.idle import main
from tests.bench.idle_traces import Reading, read_all

if TYPE_CHECKING:
    from pathlib import Path

READING = Reading(threshold=5.0, busy_s=10.0, seed=0)


def test_samples_below_the_threshold_are_idle_until_the_next(tmp_path: Path) -> None:
    rows = ["value,timestamp_anon,container_ip"]
    rows += [f"{value},{60 * k},pod" for k, value in enumerate((0, 4.9, 50, 5, 0, 0, 0))]
    with gzip.open(tmp_path / "duty.csv.gz", "wt") as file:
        file.write("\n".join(rows))

    (series,) = read_all([tmp_path], READING)

    assert [each.idle_s for each in series.spells] == [120, 180]
    assert series.seconds == 420


def test_arrivals_keep_it_busy(tmp_path: Path) -> None:
    times = ["00:00:00.0000000", "00:00:08.0000000", "00:01:00.0000000"]
    lines = ["TIMESTAMP,ContextTokens", *(f"2026-01-01 {each},5" for each in times)]
    (tmp_path / "arrivals.csv").write_text("\n".join(lines))

    (series,) = read_all([tmp_path], READING)

    assert [each.idle_s for each in series.spells] == [42]


def test_windows_of_rates_are_drawn_the_same_each_time(tmp_path: Path) -> None:
    rows = ["0,0,0,,0,0", "600,2,1,Gamma,1,0.5", "1200,0.01,1,Gamma,1,100", "1800,0,0,,0,0"]
    (tmp_path / "rates.csv").write_text("\n".join(rows))

    (series,), again = read_all([tmp_path], READING), read_all([tmp_path], READING)

    assert [series] == again
    assert series.spells[0].idle_s == 600
    assert series.seconds == 2400
    assert len(series.spells) > 2


def test_what_is_no_use_of_a_machine_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "load.csv").write_text("timestamp_anon,value,container_ip\n1,2639.0,a\n")

    assert read_all([tmp_path], READING) == []
    assert "load.csv" in capsys.readouterr().err


def test_the_last_line_is_the_whole_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = ([50] + [0] * 10) * 30
    rows = ["value,timestamp,id", *(f"{value},{60 * k},a" for k, value in enumerate(values))]
    trace = tmp_path / "use.csv"
    trace.write_text("\n".join(rows))

    main(["--trace", str(trace), "--wake-s", "60", "--wake-usd", "0.01", "--fixed-s", "30"])

    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["wake_worth_s"] == pytest.approx(60 + 0.01 / 0.4 * 3600)
    assert (told["series"], told["spells"]) == (1, 30)
    fixed = [name for name in told if name.startswith("fixed_")]
    assert len(fixed) == 7
    assert told["fixed_30_s"]["wakes"] == told["optimum"]["wakes"] == 30
    assert told["optimum"]["of_optimum"] == 1 <= told["adaptive"]["of_optimum"]
    assert told["adaptive"]["cost_usd"] <= min(told[name]["cost_usd"] for name in fixed[:-1])
    assert told["optimum"]["saved_share"] == pytest.approx(10 / 11, abs=0.01)
    assert told["adaptive"]["wait_p50_s"] == 60

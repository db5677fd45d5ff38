"""Busy notebook kernels, as a Jupyter server of the machine tells them, or does not."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.agent import notebooks
from infra.agent.core.kernels import (
    COMES_UP_WITHIN_S,
    MOST_KERNELS,
    busy_among,
    kernels_in,
    seen_of,
)
from infra.agent.notebooks import Notebooks, is_server
from infra.agent.proc import ProcessTable
from tests.unit.agent.jupyter import TOKEN, Jupyter, a_jupyter, kernel, process, reply, server_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

PID = 4321
LAB = "/usr/bin/python3 /usr/local/bin/jupyter-lab --ip=0.0.0.0"


@pytest.fixture
def jupyter() -> Iterator[Jupyter]:
    with a_jupyter() as made:
        yield made


@pytest.fixture(autouse=True)
def no_homes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in the homes of the machine that runs these tests is nobody's business here."""
    monkeypatch.setattr(notebooks, "_HOMES", ())


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    process(tmp_path / "proc", PID, LAB)
    return tmp_path / "proc"


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    return tmp_path / "home/.local/share/jupyter/runtime"


@pytest.fixture
def watched(proc: Path, tmp_path: Path) -> Notebooks:
    return Notebooks(ProcessTable("", proc), {"HOME": str(tmp_path / "home")})


def look(watched: Notebooks, now: float = 1.0) -> int | None:
    watched.look(now)
    return watched.busy(now)


def test_a_machine_without_any_server_has_no_busy_kernel(proc: Path, tmp_path: Path) -> None:
    process(tmp_path / "other", 7, "/usr/bin/python3 train.py")

    assert look(Notebooks(ProcessTable("", tmp_path / "other"), {})) == 0


def test_kernels_that_work_are_counted_by_the_servers_own_token(
    watched: Notebooks, runtime: Path, jupyter: Jupyter
) -> None:
    server_file(runtime, PID, jupyter.url)
    jupyter.kernels = [kernel(), kernel("busy", number=2), kernel("busy", number=3)]

    assert look(watched) == 2
    assert jupyter.asked == [("/user/ada/api/kernels", f"token {TOKEN}")]


def test_a_kernel_that_rests_is_not_busy_however_many_notebooks_are_open(
    watched: Notebooks, runtime: Path, jupyter: Jupyter
) -> None:
    server_file(runtime, PID, jupyter.url)
    jupyter.kernels = [kernel()]

    assert [look(watched), look(watched, 6.0)] == [0, 0]


def test_a_cell_that_ran_between_two_looks_counts(
    watched: Notebooks, runtime: Path, jupyter: Jupyter
) -> None:
    server_file(runtime, PID, jupyter.url)
    jupyter.kernels = [kernel(last_activity="2026-01-01T00:00:00Z")]
    first = look(watched)
    jupyter.kernels = [kernel(last_activity="2026-01-01T00:00:03Z")]

    assert [first, look(watched, 6.0), look(watched, 11.0)] == [0, 1, 0]


def test_a_look_that_is_old_says_nothing(
    watched: Notebooks, runtime: Path, jupyter: Jupyter
) -> None:
    assert watched.busy(0.0) is None

    server_file(runtime, PID, jupyter.url)
    look(watched)

    assert watched.busy(1.0 + notebooks.STALE_AFTER_S) == 0
    assert watched.busy(1.1 + notebooks.STALE_AFTER_S) is None


def test_a_server_whose_folder_only_its_own_environment_names_is_found(
    tmp_path: Path, jupyter: Jupyter
) -> None:
    runtime = tmp_path / "elsewhere"
    process(tmp_path / "proc", PID, LAB, JUPYTER_RUNTIME_DIR=str(runtime))
    server_file(runtime, PID, jupyter.url)
    jupyter.kernels = [kernel("busy")]

    assert look(Notebooks(ProcessTable("", tmp_path / "proc"), {})) == 1


def test_a_server_that_left_no_file_is_unknown(watched: Notebooks) -> None:
    assert look(watched) is None


def test_a_file_whose_process_is_gone_means_nothing(tmp_path: Path, jupyter: Jupyter) -> None:
    process(tmp_path / "proc", 7, "/usr/bin/python3 train.py")
    server_file(tmp_path / "run", PID, jupyter.url)
    jupyter.kernels = [kernel("busy")]
    watched = Notebooks(
        ProcessTable("", tmp_path / "proc"), {"JUPYTER_RUNTIME_DIR": f"{tmp_path}/run"}
    )

    assert look(watched) == 0
    assert jupyter.asked == []


@pytest.mark.parametrize(("age_s", "busy"), [(10.0, 0), (10_000.0, None)])
def test_a_file_older_than_the_process_of_its_number_means_nothing(
    tmp_path: Path, age_s: float, busy: int | None
) -> None:
    """A container that was started anew gives the same numbers to other programs."""
    process(tmp_path / "proc", PID, "/usr/bin/python3 train.py", age_s=age_s)
    path = server_file(tmp_path / "run", PID, "http://127.0.0.1:1/")
    os.utime(path, (time.time() - 5_000, time.time() - 5_000))
    watched = Notebooks(
        ProcessTable("", tmp_path / "proc"), {"JUPYTER_RUNTIME_DIR": f"{tmp_path}/run"}
    )

    assert look(watched) == busy


def huge(call: BaseHTTPRequestHandler) -> None:
    reply(call, 200, b"[" + b" " * notebooks.LARGEST_ANSWER_BYTES + b"]")


def cut(call: BaseHTTPRequestHandler) -> None:
    call.send_response(200)
    call.send_header("Content-Length", "1000")
    call.end_headers()
    call.wfile.write(b"[]")


def not_http(call: BaseHTTPRequestHandler) -> None:
    call.wfile.write(b"\x00\xff" * 100)


def headers_without_end(call: BaseHTTPRequestHandler) -> None:
    call.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000)


@pytest.mark.parametrize("misbehave", [huge, cut, not_http, headers_without_end])
def test_an_answer_that_is_none_is_unknown(
    watched: Notebooks,
    runtime: Path,
    jupyter: Jupyter,
    misbehave: Callable[[BaseHTTPRequestHandler], None],
) -> None:
    server_file(runtime, PID, jupyter.url)
    jupyter.misbehave = misbehave

    assert look(watched) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"null",
        b"[3]",
        b"[" * 100_000,
        b'[{"id": "1", "execution_state": "idle"}]',
        b'[{"id": 1, "execution_state": "idle", "last_activity": "x"}]',
        b'[{"id": "1", "execution_state": "dreaming", "last_activity": "x"}]',
        json.dumps([kernel(number=n) for n in range(MOST_KERNELS + 1)]).encode(),
    ],
)
def test_a_list_that_is_not_understood_is_unknown(
    watched: Notebooks, runtime: Path, jupyter: Jupyter, content: bytes
) -> None:
    server_file(runtime, PID, jupyter.url)
    jupyter.misbehave = lambda call: reply(call, 200, content)

    assert look(watched) is None


@pytest.mark.parametrize("status", [204, 302, 401, 403, 404, 500, 503])
def test_a_refusal_is_unknown_and_a_redirect_is_not_followed(
    watched: Notebooks, runtime: Path, jupyter: Jupyter, status: int
) -> None:
    server_file(runtime, PID, jupyter.url)
    with a_jupyter() as elsewhere:
        jupyter.misbehave = lambda call: reply(call, status, b"", Location=elsewhere.url)

        assert look(watched) is None
        assert elsewhere.asked == []


@pytest.mark.parametrize("dripping", [False, True])
def test_a_server_that_does_not_come_to_an_end_is_unknown_in_bounded_time(
    watched: Notebooks,
    runtime: Path,
    jupyter: Jupyter,
    monkeypatch: pytest.MonkeyPatch,
    dripping: bool,
) -> None:
    """It ends by itself only when the test does: a look that waited for it would never return."""
    monkeypatch.setattr(notebooks, "ANSWER_WITHIN_S", 0.2)

    def hang(call: BaseHTTPRequestHandler) -> None:
        call.send_response(200)
        while not jupyter.ended.wait(0.01):
            if dripping:
                call.wfile.write(b"X: y\r\n")

    server_file(runtime, PID, jupyter.url)
    jupyter.misbehave = hang

    assert look(watched) is None


def test_one_that_works_is_busy_though_another_server_does_not_answer(
    watched: Notebooks, runtime: Path, proc: Path, jupyter: Jupyter
) -> None:
    process(proc, 99, LAB)
    server_file(runtime, PID, jupyter.url)
    server_file(runtime, 99, "http://127.0.0.1:1/")
    jupyter.kernels = [kernel("busy")]
    busy = look(watched)
    jupyter.kernels = [kernel("idle")]

    look(watched, 6.0)  # it has worked since the last look

    assert (busy, look(watched, 11.0)) == (1, None)


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1:80/",
        "http://[2001:db8::1]/",
        "file:///etc/passwd",
        "http+unix://%2Ftmp%2Fjupyter.sock/",
        "http://127.0.0.1:notaport/",
        "http://[",
        "",
    ],
)
def test_nobody_but_this_machine_is_asked(watched: Notebooks, runtime: Path, url: str) -> None:
    server_file(runtime, PID, url)

    assert look(watched) is None


def test_a_name_is_taken_for_this_machine(
    watched: Notebooks, runtime: Path, jupyter: Jupyter
) -> None:
    """Servers that listen everywhere write the container's own name, which may not resolve."""
    port = jupyter.url.rpartition(":")[2]
    server_file(runtime, PID, f"http://c.1234.invalid:{port}")

    assert look(watched) == 0
    assert len(jupyter.asked) == 1


@pytest.mark.parametrize(
    "content", ["", "[]", "\x00", "{", '{"pid": "4321"}', '{"url": 3, "token": "t"}', "[" * 60_000]
)
def test_a_file_that_is_not_understood_is_unknown_while_its_process_runs(
    watched: Notebooks, runtime: Path, content: str
) -> None:
    server_file(runtime, PID, "").write_text(content)

    assert look(watched) is None


def test_a_file_that_is_no_file_is_not_waited_for(watched: Notebooks, runtime: Path) -> None:
    runtime.mkdir(parents=True)
    os.mkfifo(runtime / f"jpserver-{PID}.json")
    (runtime / "jpserver-x.json").symlink_to("/dev/zero")

    assert look(watched) is None


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (LAB, True),
        ("/opt/conda/bin/python3.11 -m jupyterlab", True),
        ("/opt/conda/bin/jupyter-notebook", True),
        ("python /usr/bin/jupyterhub-singleuser --ip=", True),
        ("python -m ipykernel_launcher -f kernel.json", False),
        ("tail -f /var/log/jupyter-lab", False),
        ("sh -c jupyter-lab", False),
        ("python train.py jupyter-lab", False),
        ("", False),
    ],
)
def test_a_server_is_known_by_its_own_command_line(line: str, told: bool) -> None:
    assert is_server(line.split()) is told


def test_a_kernel_that_comes_up_counts_for_as_long_as_that_may_take() -> None:
    def busy_at(now: float) -> int | None:
        starting = kernels_in(json.dumps([kernel("starting")]).encode())
        assert starting
        seen = seen_of(starting, seen_of(starting, {}, 0.0), now)
        return busy_among(seen, {}, now)

    assert busy_at(COMES_UP_WITHIN_S - 1) == 1
    assert busy_at(COMES_UP_WITHIN_S) == 0


json_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["id", "execution_state", "last_activity"]), inner),
    ),
    max_leaves=10,
)


@given(st.one_of(st.binary(max_size=40), json_values.map(lambda value: json.dumps(value).encode())))
def test_whatever_is_answered_is_a_list_of_kernels_or_unknown(content: bytes) -> None:
    kernels = kernels_in(content)

    if kernels is None:
        return
    busy = busy_among(seen_of(kernels, {}, 0.0), {}, 0.0)
    assert busy is None or 0 <= busy <= len(kernels)

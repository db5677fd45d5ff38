"""What the HTTP server takes for a request before and after a function's own work."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil

from infra.local.settings import free_port
from tests.bench.callers import Ask, call

# As functions-framework serves a function: gunicorn, one worker, threads.
APP = "tests.bench.cost.server:nothing"
SECONDS = 2.0
START_S = 10.0


def nothing(_environ, start_response):
    """An application that does nothing."""
    start_response("200 OK", [("Content-Length", "2"), ("Content-Type", "application/json")])
    return [b"{}"]


def cpu_s_of_a_request() -> float:
    """CPU seconds of the server for one small POST on a kept connection."""
    port = free_port()
    serve = ["-m", "gunicorn", "--workers", "1", "--threads", "8", "--log-level", "error"]
    process = subprocess.Popen([sys.executable, *serve, "--bind", f"127.0.0.1:{port}", APP])
    try:
        asks = [Ask("nothing", "POST", "/agent/v1/heartbeat", {}, b"{}" * 100)]
        _wait(port)
        served = [psutil.Process(process.pid), *psutil.Process(process.pid).children()]
        before = _cpu_s(served)
        told = call(f"http://127.0.0.1:{port}", asks, callers=2, seconds=SECONDS)
        return (_cpu_s(served) - before) / len(told.all_ms)
    finally:
        process.terminate()
        process.wait()


def _cpu_s(served: list[psutil.Process]) -> float:
    spent = [each.cpu_times() for each in served]
    return sum(each.user + each.system for each in spent)


def _wait(port: int) -> None:
    import socket

    ends = time.monotonic() + START_S
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("the server did not start")

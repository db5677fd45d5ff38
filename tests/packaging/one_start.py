"""Runs in a process of its own: a function started from its bundle, as functions-framework does it.

    python -S -E one_start.py BUNDLE SITE_PACKAGES FUNCTION < one request as JSON, or null

Prints what the start took, what the process then holds, and the same after the request.
"""

import json
import sys
import time
from pathlib import Path


def resident_mib():
    """None where /proc does not say it."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), None)


def state():
    return {"mib": resident_mib(), "modules": sorted(sys.modules)}


def main():
    bundle, site_packages, name = sys.argv[1:]
    request = json.load(sys.stdin)
    sys.path[:] = [bundle, *sys.path[1:], site_packages]
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    from functions_framework import create_app

    framework_s = time.process_time()
    app = create_app(name, f"{bundle}/main.py")
    told = {
        "ms": (time.perf_counter() - wall_s) * 1000,
        "cpu_ms": (time.process_time() - cpu_s) * 1000,
        "framework_cpu_ms": (framework_s - cpu_s) * 1000,
        "started": state(),
    }
    if request is not None:
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        answer = app.test_client().open(**request)
        told["first"] = {
            "ms": (time.perf_counter() - wall_s) * 1000,
            "cpu_ms": (time.process_time() - cpu_s) * 1000,
            "status": answer.status_code,
            "body": answer.get_data(as_text=True),
            **state(),
        }
    print(json.dumps(told))


main()

"""`python -m infra.local.demo.own_stack [--always | --emulators] [demo's arguments]`: the demo
with its stack.

A stack that answers at PORT, and whose files are in DUMONT_DATA_DIR, is used as it is; otherwise,
or with `--always`, one is started on a free port in a temporary folder and ended afterwards; with
`--emulators` one of functions as processes of their own on the genuine emulators.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from infra.local.demo.__main__ import main as demo
from infra.local.demo.whereabouts import side_door
from infra.local.own_stack import StackDown, healthy, memory_of, own_stack

SPEED = 10.0


def main(arguments: list[str]) -> int:
    """The demo's exit status; 1 when no stack could be started."""
    emulators = "--emulators" in arguments
    rest = [each for each in arguments if each not in {"--always", "--emulators"}]
    running = "" if emulators or "--always" in arguments else _running()
    if running:
        return _play(running, rest, f"The stack at {running} plays.")
    try:
        speed = float(os.environ.get("DUMONT_SIM_SPEED", SPEED))
        with own_stack(speed, emulators=emulators) as stack:
            url, key = side_door({}, stack.folder)
            kind = "A stack on emulators" if emulators else "A stack of its own"
            note = (
                f"{kind} at {stack.url}, healthy after {stack.healthy_after_s:.1f} s; {_offers()}."
            )
            status = _play(stack.url, ["--sim-url", url, "--sim-key", key, *rest], note)
            print(f"Afterwards {memory_of(stack.pid)}.", file=sys.stderr)
            return status
    except StackDown as error:
        print(f"No stack to play on: {error}", file=sys.stderr)
        return 1


def _running() -> str:
    """The URL of a healthy stack whose simulator we can ask, or empty."""
    url = f"http://127.0.0.1:{os.environ.get('PORT', '8080')}"
    known = side_door(os.environ, Path(os.environ.get("DUMONT_DATA_DIR", ".data")))
    return url if all(known) and healthy(url) else ""


def _offers() -> str:
    recorded = os.environ.get("DUMONT_OFFERS_DIR")
    return f"offers from {Path(recorded).name}" if recorded else "offers of a generated market"


def _play(url: str, arguments: list[str], note: str) -> int:
    return demo(["--base-url", url, "--offers-note", note, *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m infra.local.demo --base-url URL`: the main job, played over the HTTP API.

Prints a timeline; the last line is one JSON object, whose `ok` the exit status repeats.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from frontend.client.dumont import LOCAL_STACK, Dumont
from frontend.client.errors import DumontError
from infra.local.demo.journal import DemoFailed, Journal
from infra.local.demo.play import let_go, play
from infra.local.demo.shell import Key
from infra.local.demo.stage import Stage
from infra.local.demo.truth import SideDoor
from infra.local.demo.whereabouts import side_door


def main(arguments: list[str] | None = None) -> int:
    given = _arguments(arguments)
    journal = Journal(given.timeout, sys.stderr if given.json else sys.stdout)
    if given.offers_note:
        journal.say(given.offers_note)
    provider = SideDoor(given.sim_url, given.sim_key)
    with Dumont(given.base_url) as cloud:
        stage = Stage(journal, cloud, provider, Key.fresh())
        try:
            play(stage)
        except (DemoFailed, DumontError) as error:
            stage.result.failed = f"{journal.step_name}: {error}"
            journal.say(f"FAILED in {stage.result.failed}")
            let_go(stage)
        except KeyboardInterrupt:
            stage.result.failed = f"{journal.step_name}: interrupted"
            let_go(stage)
        finally:
            provider.close()
    stage.result.seconds = round(journal.elapsed_s, 1)
    for name, seconds in journal.seconds.items():
        stage.result.phases[name] = seconds
    print(json.dumps(stage.result.as_json()), flush=True)
    return 0 if stage.result.ok else 1


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local.demo", description=__doc__)
    environment = os.environ
    parser.add_argument("--base-url", default=environment.get("DUMONT_API_URL", LOCAL_STACK))
    folder = Path(environment.get("DUMONT_DATA_DIR", ".data"))
    sim_url, sim_key = side_door(environment, folder)
    parser.add_argument("--sim-url", default=sim_url, help="the simulator (the local stack's)")
    parser.add_argument("--sim-key", default=sim_key, help="the key of its side door")
    parser.add_argument("--timeout", type=float, default=480.0, help="seconds for all of it")
    parser.add_argument("--json", action="store_true", help="the timeline goes to stderr")
    parser.add_argument("--offers-note", default="", help="a first line, on where offers are from")
    given = parser.parse_args(arguments)
    if not given.sim_url or not given.sim_key:
        parser.error("the provider's own record is needed: --sim-url and --sim-key")
    return given


if __name__ == "__main__":
    sys.exit(main())

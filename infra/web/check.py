"""`python -m infra.web.check`: everything about the web app that needs no browser, then its build.

Types of the API as they would be made anew, TypeScript, ESLint, Vitest. All that fails is told.
"""

from __future__ import annotations

import subprocess
import sys

from infra.web.build import NotBuilt, ensure_built
from infra.web.node import NoNode, find_node
from infra.web.packages import install
from infra.web.types import TYPES, made

SCRIPTS = ("types", "lint", "test")


def main() -> int:
    try:
        node = find_node()
        install(node, checks=True)
        failed = [] if TYPES.read_text() == made() else ["the API's types: `make openapi`"]
        for script in SCRIPTS:
            try:
                node.run("npm", "run", "--silent", script)
            except subprocess.CalledProcessError:
                failed.append(script)
        ensure_built()
    except (NoNode, NotBuilt, OSError, subprocess.SubprocessError) as error:
        print(f"The web app cannot be checked: {error}", file=sys.stderr)
        return 1
    if failed:
        print(f"The web app fails: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

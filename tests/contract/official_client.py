"""VAST's own command line, unmodified: imported once, forked for every command.

    python official_client.py < one command a line, as JSON: words, key, out, err

`out` and `err` are the files that get what the command writes. Prints each command's exit status.
Its imports alone take most of a second of processor time.
"""

import json
import os
import sys

from vastai.cli.commands import register_all_commands
from vastai.cli.main import main, parser


def become(told):
    """The process of one command, with nothing to read."""
    for number, path in ((0, os.devnull), (1, told["out"]), (2, told["err"])):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ["VAST_API_KEY"] = told["key"]
    sys.argv = ["vastai", *told["words"]]


def serve():
    register_all_commands(parser)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            become(json.loads(line))
            sys.exit(main())
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


serve()

"""The `dumont` command."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from frontend.cli.commands import (
    account,
    audit,
    background,
    balance,
    budget,
    hibernation,
    offers,
    operations,
    providers,
    serverless,
    ssh_key,
    stack,
)
from frontend.cli.commands.instances.group import instance
from frontend.cli.commands.machines.group import machines
from frontend.cli.commands.snapshots.group import snapshots
from frontend.cli.failures import Exit, Failure, explain
from frontend.cli.output import Output
from frontend.cli.profiles import DEFAULT_NAME, ProfilesUnreadable
from frontend.cli.session import Session
from frontend.client.errors import DumontError

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.option("--base-url", envvar="DUMONT_API_URL", metavar="URL", help="Where the server is.")
@click.option("--profile", envvar="DUMONT_PROFILE", metavar="NAME", help="Which saved login.")
@click.option("--json", "as_json", is_flag=True, help="Answer with JSON.")
@click.pass_context
def dumont(
    context: click.Context, base_url: str | None, profile: str | None, *, as_json: bool
) -> None:
    """Marketplace GPUs that sleep, wake elsewhere and keep your files.

    Exit status: 0 done, 1 failed, 2 usage, 3 not logged in, 4 not found,
    5 unreachable, 130 interrupted.
    """
    context.obj = Session(
        base_url_asked=base_url,
        profile_name=profile or DEFAULT_NAME,
        api_key=os.environ.get("DUMONT_API_KEY") or None,
        as_json=as_json,
    )


for _command in (
    stack.up,
    account.register,
    account.login,
    account.logout,
    account.whoami,
    audit.audit,
    background.background,
    balance.balance,
    budget.budget,
    hibernation.hibernation,
    offers.offers,
    providers.providers,
    ssh_key.ssh_key,
    instance,
    snapshots,
    serverless.serverless,
    machines,
    operations.operations,
):
    dumont.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command and exits with its status; no failure ends in a traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_status_of(given))


def _status_of(arguments: list[str]) -> int:
    as_json = "--json" in arguments
    try:
        status = dumont.main(arguments, prog_name="dumont", standalone_mode=False)
    except click.ClickException as error:
        return _complained(error, as_json=as_json)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped. What the server has begun goes on there.", err=True)
        return Exit.INTERRUPTED
    except DumontError as error:
        failure = explain(error)
    except ProfilesUnreadable as error:
        failure = Failure(Exit.FAILED, "profile_damaged", str(error), "Delete it and log in again.")
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away: nothing more can be said
        return Exit.FAILED
    except OSError as error:
        failure = Failure(Exit.FAILED, "os_error", str(error))
    except Exception as error:
        if os.environ.get("DUMONT_TRACEBACK"):
            raise
        failure = _defect(error)
    else:
        return int(status or Exit.OK)
    _report(failure, as_json=as_json)
    return failure.exit_status


def _complained(error: click.ClickException, *, as_json: bool) -> int:
    if as_json:
        failure = Failure(Exit.USAGE, "usage", error.format_message())
        _report(failure, as_json=True)
    else:
        error.show()
    return error.exit_code


def _defect(error: Exception) -> Failure:
    return Failure(
        Exit.FAILED,
        "defect",
        f"This is a defect of the dumont command: {type(error).__name__}: {error}",
        "Report it; DUMONT_TRACEBACK=1 shows where it is.",
    )


def _report(failure: Failure, *, as_json: bool) -> None:
    if as_json:
        problem = {
            "code": failure.code,
            "message": failure.what,
            "next_step": failure.next_step,
            "details": failure.details,
        }
        click.echo(Output(as_json=True).text({"error": problem}), err=True)
        return
    out = Output(as_json=False)
    out.remark(f"Error: {failure.what}")
    for detail in failure.details:
        out.remark(f"  {detail}")
    if failure.next_step:
        out.remark(failure.next_step)


if __name__ == "__main__":
    main()

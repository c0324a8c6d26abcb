"""The command `workbench` itself: what it is, and how an error ends it."""

from __future__ import annotations

import sys
import traceback
from typing import Any, NoReturn

import click

from workbench.cli.no_effect import OnceGroup
from workbench.errors import WorkbenchError

INTERRUPTED = 130


class _Group(OnceGroup):
    """Turns our errors into one line on stderr and the exit code of their class."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except WorkbenchError as error:
            _fail(f"Error: {error}", error.exit_code)
        except KeyboardInterrupt:
            _fail("Interrupted. What was committed is kept; run the same command to go on.", INTERRUPTED)
        except BrokenPipeError:
            # The reader of our output went away: nothing is wrong and nobody is left to tell.
            sys.stdout = None
            ctx.exit(0)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except OSError as error:
            _fail(f"Error: {error.strerror or error}: {error.filename or 'no file named'}.", 1)
        except Exception as error:
            _fail(f"Error: {type(error).__name__}: {error} (an unexpected one; --debug shows where)", 1)


def _fail(message: str, code: int) -> NoReturn:
    context = click.get_current_context(silent=True)
    if context and context.find_root().params.get("debug"):
        traceback.print_exc()
    click.echo(message, err=True)
    sys.exit(code)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="workbench")
def main(debug: bool) -> None:
    """An honest local copy of your Twilio message log, and what it costs, delivers and fails.

    Start with `workbench demo` (no account needed) or `workbench init` (yours).
    """

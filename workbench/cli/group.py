"""The command `workbench` itself: what it is, and how an error ends it."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any, NoReturn

import click

from workbench.cli.no_effect import OnceGroup
from workbench.display.control_characters import shown_as_text
from workbench.errors import ConfigError, WorkbenchError
from workbench.logs.set_up import is_service, set_up_logs
from workbench.settings import Settings, load_settings

log = logging.getLogger(__name__)

INTERRUPTED = 130

ALIASES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("report",): ("reports",),
    ("import",): ("sync", "import"),
    ("cancel",): ("outbox", "cancel"),
    ("metric", "list"): ("metrics",),
    ("revocations", "decide"): ("consent", "decide"),
    ("revocations",): ("consent", "revocations"),
}
"""Other spellings of commands, the longest first where one begins another."""


_OUTSIDE_FLEET = frozenset(
    {
        "completion",
        "config",
        "connect",
        "demo",
        "doctor",
        "fleet",
        "init",
        "new",
        "restore",
        "segments",
        "simulate",
    }
)
"""Commands that say what is wrong, or use nothing that machines share: a fleet that refuses us stops none."""


class ListGroup(OnceGroup):
    """A group that lists when nothing else is said: `workbench outbox` is `workbench outbox list`."""

    usual = "list"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        asks_help = bool(args) and args[0] in ctx.help_option_names
        if not ctx.resilient_parsing and not asks_help and (not args or args[0].startswith("-")):
            args = [self.usual, *args]
        return super().parse_args(ctx, args)


class _Group(OnceGroup):
    """Turns our errors into one line on stderr and the exit code of their class."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        return super().resolve_command(ctx, _spelled_out(args))

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
            if is_service():
                log.critical("an error that nobody expected ended this process", exc_info=error)
                sys.exit(1)
            _fail(f"Error: {type(error).__name__}: {error} (an unexpected one; --debug shows where)", 1)


def _enter_fleet(settings: Settings) -> None:
    """Take what the machines of a fleet share before a command uses it."""
    from workbench.lake.fleet.shared_files import enter_fleet

    taken = enter_fleet(settings)
    if taken and taken.conflicts:
        names = " ".join(taken.conflicts)
        click.echo(
            shown_as_text(
                f"Notice: changed on this machine and in its fleet: {names}. `workbench fleet take {names}` "
                f"or `workbench fleet push {names}` settles that."
            ),
            err=True,
        )


def _spelled_out(args: list[str]) -> list[str]:
    """The words of a command as they are today."""
    for old, new in ALIASES.items():
        if tuple(args[: len(old)]) == old:
            return [*new, *args[len(old) :]]
    return args


def _fail(message: str, code: int) -> NoReturn:
    context = click.get_current_context(silent=True)
    if context and context.find_root().params.get("debug"):
        traceback.print_exc()
    click.echo(shown_as_text(message), err=True)
    sys.exit(code)


@click.group(
    cls=_Group,
    # The words of options and choices in any case: all of ours are lower-case.
    context_settings={"help_option_names": ["-h", "--help"], "token_normalize_func": str.lower},
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="workbench")
@click.pass_context
def main(context: click.Context, debug: bool) -> None:
    """An honest local copy of your Twilio message log, and what it costs, delivers and fails.

    Start with `workbench demo` (no account needed) or `workbench init` (yours).
    """
    try:
        settings = load_settings()
    except ConfigError:
        # The command that needs the settings says what is wrong; `config check` and others need none.
        return
    set_up_logs(settings, "command")
    asks_help = any(argument in context.help_option_names for argument in context.args)
    if settings.may_be_in_fleet and context.invoked_subcommand not in _OUTSIDE_FLEET and not asks_help:
        _enter_fleet(settings)

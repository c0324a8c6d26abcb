"""The options that several commands have: each is declared once, with one name, one meaning and one help."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from workbench.cli import completion
from workbench.errors import UsageError
from workbench.render import FORMATS
from workbench.roles import ROLES
from workbench.table_files import STDIN

Command = Callable[..., Any]
Option = Callable[[Command], Command]

_JSON = "workbench.json"
_STDIN = "workbench.stdin"

ZONE_OF_CALL = "Of days, hours and dates here, as Europe/Berlin. Default: the setting `timezone`."

WATCH = "Go on, as every 5m, until Ctrl-C or SIGTERM."

VALUE_FORMATS = ("table", "json")
"""Of what is one value, not rows."""


def format_option(formats: tuple[str, ...] = FORMATS) -> Option:
    """``--format``: rows in any form that a frame has, values as text or JSON."""

    def decorate(command: Command) -> Command:
        command = click.option(
            "--json", is_flag=True, hidden=True, is_eager=True, expose_value=False, callback=_note_json,
            help="As --format json.",
        )(command)  # fmt: skip
        return click.option(
            "--format",
            type=click.Choice(formats),
            default=formats[0],
            show_default=True,
            callback=_chosen_format,
            help="Form of the output.",
        )(command)

    return decorate


def _note_json(context: click.Context, option: click.Parameter, value: bool) -> None:
    if value:
        context.meta[_JSON] = True


def _chosen_format(context: click.Context, option: click.Parameter, value: str) -> str:
    if not context.meta.get(_JSON):
        return value
    if value not in (option.get_default(context), "json"):
        raise UsageError(f"--json is --format json, and --format is {value!r}; give one of them.")
    return "json"


def value_format_option() -> Option:
    """``--format`` of a command whose result is one value."""
    return format_option(VALUE_FORMATS)


def moment_options(command: Command) -> Command:
    """``--since`` and ``--until`` of numbers: moments in the time zone of the call."""
    return _options(
        click.option("--since", help="First moment included, as 2026-09-01, in your time zone."),
        click.option("--until", help="First moment not included any more."),
    )(command)


def day_options(since: str, until: str) -> Option:
    """``--since`` and ``--until`` of work on whole days.

    Args:
        since, until: what the day means, with its default.
    """
    return _options(click.option("--since", help=since), click.option("--until", help=until))


def confirm_option(what: str) -> Option:
    """``--confirm``: without it nothing happens."""
    return click.option("--confirm", is_flag=True, help=what)


def limit_option(default: int | None, most: int | None = None, what: str = "At most so many rows.") -> Option:
    """``--limit``."""
    return click.option(
        "--limit", type=click.IntRange(1, most), default=default, show_default=default is not None, help=what
    )


def out_option(what: str, *, folder: bool = False, required: bool = False) -> Option:
    """``--out``: a file or folder to write."""
    kind = click.Path(file_okay=not folder, dir_okay=folder, path_type=Path)
    return click.option("--out", type=kind, required=required, help=what)


def timezone_option(what: str, default: str | None = None) -> Option:
    """``--timezone``, by its name."""
    return click.option("--timezone", default=default, show_default=default is not None, help=what)


def country_option(what: str = "Of numbers without a country code, as US. Default: [sending]'s.") -> Option:
    """``--country``, by its code."""
    return click.option("--country", help=what)


def address_column_option() -> Option:
    """``--address-column``, of a file of people."""
    return click.option(
        "--address-column", metavar="NAME", help="The numbers' column, where several can be it."
    )


def search_option(what: str) -> Option:
    """``--search`` of a list."""
    return click.option("--search", default="", help=what)


def by_option() -> Option:
    """``--by``, repeatable and with commas."""
    return click.option(
        "--by",
        multiple=True,
        shell_complete=completion.dimensions,
        help="Dimensions to group by, as day,sender; may be repeated.",
    )


def where_option() -> Option:
    """``--where``, repeatable and with commas."""
    return click.option(
        "--where",
        multiple=True,
        metavar="DIMENSION=VALUE",
        shell_complete=completion.filters,
        help="Filter, as country=US,CA or error_code= for none; may be repeated.",
    )


def allow_unknown_option() -> Option:
    """``--allow-unknown``."""
    return click.option(
        "--allow-unknown", is_flag=True, help="Answer also for values that the lake has never seen."
    )


def engine_option() -> Option:
    """``--engine``."""
    return click.option(
        "--engine",
        default="duckdb",
        show_default=True,
        metavar="ENGINE",
        help="Who counts: duckdb, spark on this machine, or a cluster as spark=spark://host:7077.",
    )


def role_option() -> Option:
    """``--role``: what a person or a program may do."""
    return click.option(
        "--role",
        required=True,
        type=click.Choice(ROLES),
        help="A viewer sees numbers masked, an agent may reveal them and reply, an admin may do everything.",
    )


def var_option() -> Option:
    """``--var``, the values of blanks."""
    return click.option(
        "--var", "variables", multiple=True, metavar="NAME=VALUE", help="Fills a blank; may be repeated."
    )


class _File(click.Path):
    """An existing file, or ``-`` for stdin."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, allow_dash=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = super().convert(value, param, ctx)
        if str(path) == STDIN:
            _take_stdin(ctx)
        return path


class _Text(click.ParamType["str"]):
    """A text, or ``-`` for that on stdin."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value != STDIN:
            return value
        _take_stdin(ctx)
        # The line end that `echo` and editors put last is no part of the text.
        return sys.stdin.read().removesuffix("\n")


FILE = _File()
TEXT = _Text()


def file_argument(name: str = "file", **attributes: Any) -> Option:
    """A file to read; ``-`` is stdin."""
    return click.argument(name, type=FILE, **attributes)


def _take_stdin(context: click.Context | None) -> None:
    """Raises UsageError when two parameters want stdin."""
    if context is None or context.resilient_parsing:
        return
    if context.meta.get(_STDIN):
        raise UsageError("- is given twice, and there is one standard input; name a file for one of them.")
    context.meta[_STDIN] = True


def read_pairs(option: str, texts: tuple[str, ...], example: str) -> dict[str, str]:
    """``name=value`` options as a mapping.

    Raises:
        UsageError: one is no pair, or a name is given twice.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"{option} is {text!r}; write name=value, as {example}.")
        if name.strip() in pairs:
            raise UsageError(f"{option} {name.strip()} is given twice; only the last would have an effect.")
        pairs[name.strip()] = value
    return pairs


def read_filters(texts: tuple[str, ...]) -> dict[str, list[str | None]]:
    """`country=US,CA` filters; the same dimension twice means either value, an empty value means none."""
    from workbench.metrics.filter_values import read_filter_texts

    return read_filter_texts(texts, "--where")


def split_list(text: str) -> list[str]:
    """`html,pdf` as its words."""
    return [word.strip() for word in text.split(",") if word.strip()]


def _options(*options: Option) -> Option:
    """Several as one decorator, in this order in the help."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def interval_seconds(text: str) -> float:
    """`90s`, `5m`, `1h` of ``--watch`` in seconds.

    Raises:
        UsageError: it is another text.
    """
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isdigit() or int(number) == 0:
        raise UsageError(f"--watch is {text!r}; write a number with s, m or h, as 90s, 5m or 1h.")
    return int(number) * _UNITS[unit]

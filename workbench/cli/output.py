"""What commands print: data on stdout, notices on stderr."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

import click

from workbench.display.control_characters import json_as_text, shown_as_text
from workbench.errors import UsageError
from workbench.render import json_value, render_frame

if TYPE_CHECKING:
    import pandas as pd


def print_frame(frame: pd.DataFrame, format: str) -> None:
    """Rows in a form of ``--format``; a table is fitted to the terminal, and elsewhere whole."""
    is_terminal = sys.stdout.isatty()
    if format == "parquet" and is_terminal:
        raise UsageError(
            "Parquet is not text: send it to a file, as `… --format parquet > messages.parquet`."
        )
    if format == "table":
        from workbench.metrics.sender_names import with_sender_labels

        frame = with_sender_labels(frame)
    width = shutil.get_terminal_size().columns if is_terminal and format == "table" else None
    rendered = render_frame(frame, format, width)
    click.echo(rendered.content, nl=False)
    if rendered.is_cut:
        click.echo("Texts are cut (…) to fit the terminal; --format csv or json has them whole.", err=True)


def print_json(value: object, *, one_line: bool = False) -> None:
    """One value as JSON; a dataclass by its fields."""
    plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    text = json.dumps(plain, indent=None if one_line else 2, ensure_ascii=False, default=json_value)
    click.echo(json_as_text(text))


def print_value(value: Any, format: str, text: str | None = None) -> None:
    """One value as JSON, or as a text: by default how it shows itself."""
    if format == "json":
        print_json(value.as_dict() if hasattr(value, "as_dict") else value)
    else:
        say(repr(value) if text is None else text)


def say(text: str, *, err: bool = False) -> None:
    """A text on stdout or stderr in which a stranger may have put characters that a terminal obeys."""
    click.echo(shown_as_text(text), err=err)


def say_notices(notices: Iterable[str]) -> None:
    """Notices on stderr, one line each."""
    for notice in notices:
        say(f"Notice: {notice}", err=True)


def say_nothing_done(what: str, remedy: str) -> None:
    """That a command only looked, and how it would do it."""
    click.echo(f"{what} Add --confirm to {remedy}.", err=True)

"""What commands print: data on stdout, notices on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from workbench.errors import UsageError
from workbench.render import FORMATS, json_value, render_frame

if TYPE_CHECKING:
    import pandas as pd


def format_option(default: str = "table") -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        "--format", type=click.Choice(FORMATS), default=default, show_default=True, help="Form of the output."
    )


def print_frame(frame: pd.DataFrame, format: str) -> None:
    if format == "parquet" and sys.stdout.isatty():
        raise UsageError(
            "Parquet is not text: send it to a file, as `… --format parquet > messages.parquet`."
        )
    click.echo(render_frame(frame, format), nl=False)


def print_json(value: object, *, one_line: bool = False) -> None:
    click.echo(json.dumps(value, indent=None if one_line else 2, ensure_ascii=False, default=json_value))


def say_notices(notices: Iterable[str]) -> None:
    for notice in notices:
        click.echo(f"Notice: {notice}", err=True)

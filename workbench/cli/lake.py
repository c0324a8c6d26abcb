"""Commands about the lake itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.api import Workbench
from workbench.cli.group import main
from workbench.cli.options import value_format_option
from workbench.cli.output import print_value
from workbench.display.formats import plural
from workbench.errors import LakeError
from workbench.moving.results import MovePlan

if TYPE_CHECKING:
    from workbench.lake.info import LakeInfo
    from workbench.moving.copying import MoveProgress


@main.group()
def lake() -> None:
    """What the lake takes up, and looking after it."""


@lake.command("info")
@value_format_option()
def lake_info(format: str) -> None:
    """Say where the lake is, its size, files, small files, versions, schema, and the rows of each table."""
    with Workbench() as wb:
        info = wb.lake.info()
    print_value(info, format, _text(info))


@lake.command("compact")
@value_format_option()
def lake_compact(format: str) -> None:
    """Merge small files and let old versions go; `workbench serve` does it every hour."""
    with Workbench() as wb:
        done = wb.lake.compact()
    print_value(done, format, str(done))


@lake.command("move")
@click.option("--to", metavar="CATALOG", help="The new catalog: sqlite:PATH, or postgres:dbname=… host=….")
@click.option(
    "--data", metavar="PLACE",
    help="Where its files go: a folder, or s3://bucket/prefix/; by default beside a SQLite catalog.",
)  # fmt: skip
@click.option(
    "--confirm", is_flag=True, help="Move it. Without this: what would be moved, what is in the way."
)
@click.option("--abandon", is_flag=True, help="Remove what was begun at the new place, and nothing else.")
@click.option("--release-old", is_flag=True, help="After a move: set the old lake aside.")
@click.option("--delete", is_flag=True, help="With --release-old: delete the old lake.")
@value_format_option()
def lake_move(
    to: str | None,
    data: str | None,
    confirm: bool,
    abandon: bool,
    release_old: bool,
    delete: bool,
    format: str,
) -> None:
    """Move the lake to another catalog and place of files while it is read and written.

    Every table is compared by count and hash before the switch, for which writers wait some seconds. After a
    kill the same command goes on. The old lake stays as it is, and refuses everything, until --release-old.
    Old versions of the lake are not carried along. Exit code 1 when something is in the way.
    """
    with Workbench() as wb:
        done = wb.lake.move(
            to, data=data, confirm=confirm, abandon=abandon, release_old=release_old, delete=delete,
            on_progress=_say_progress,
        )  # fmt: skip
    print_value(done, format, done.sentence())
    if isinstance(done, MovePlan) and done.obstacles:
        sys.exit(LakeError.exit_code)


_STEPS = {
    "copy": "copied",
    "changes": "took over changes of",
    "compare": "compared",
    "switch": "writers wait for the last changes",
    "purge": "removing what was deleted meanwhile",
}


def _say_progress(progress: MoveProgress) -> None:
    if not sys.stderr.isatty() or (progress.table and not progress.rows):
        return
    table = f" {progress.table}: {plural(progress.rows, 'row')}" if progress.table else ""
    click.echo(f"… {_STEPS[progress.step]}{table}", err=True)


@main.command()
@click.option(
    "--to", required=True, type=click.Path(path_type=Path),
    help="A file that ends in .duckdb, or a folder for Parquet files.",
)  # fmt: skip
@click.option("--whole-numbers", is_flag=True, help="Numbers and names whole, which the audit trail notes.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier export.")
@value_format_option()
def export(to: Path, whole_numbers: bool, overwrite: bool, format: str) -> None:
    """Write what analysts use as one plain DuckDB file, or as Parquet files: any tool opens either.

    As of one version of the lake, which the table `about` names. Numbers are masked; texts of messages are in
    it, as in the files of the pages.
    """
    with Workbench() as wb:
        exported = wb.export(to, whole_numbers=whole_numbers, overwrite=overwrite)
    print_value(exported, format, exported.sentence())


def _text(info: LakeInfo) -> str:
    catalog = "" if info.catalog_size is None else f", {_megabytes(info.catalog_size)}"
    lines = [
        f"catalog   {info.catalog}{catalog}",
        f"data      {info.data}, {_megabytes(info.data_size)}",
        f"files     {info.files:,}, of which {info.small_files:,} are smaller than 1 MB; "
        f"{info.delete_files:,} files of deletions",
        f"versions  {info.versions:,}, the oldest of {info.oldest_version_at:%Y-%m-%d %H:%M} UTC",
        f"schema    {info.schema_version}",
        "rows",
    ]
    width = max(len(name) for name in info.rows)
    lines += [f"  {name:<{width}}  {rows:>12,}" for name, rows in info.rows.items() if rows]
    return "\n".join(lines)


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.1f} MB"

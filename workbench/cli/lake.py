"""Commands about the lake itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.api import Workbench
from workbench.cli.group import main
from workbench.cli.options import value_format_option
from workbench.cli.output import print_value

if TYPE_CHECKING:
    from workbench.lake.info import LakeInfo


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

"""The README's tables, written by the program itself: ``python -m tests.readme_tables`` updates them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import click

from workbench.cli import main
from workbench.metrics import DIMENSIONS, METRICS
from workbench.reports.notebooks import ReportNotebook, discover_reports
from workbench.settings.describe import described_settings

README = Path(__file__).parents[1] / "README.md"


def updated(readme: str) -> str:
    """The README with each table between its marks replaced by what the program says today."""
    for name, table in _tables().items():
        readme, count = re.subn(
            rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)",
            lambda mark, table=table: f"{mark[1]}{table}{mark[2]}",  # type: ignore[misc]
            readme,
            flags=re.DOTALL,
        )
        assert count == 1, f"README.md lacks the marks <!-- {name} --> and <!-- /{name} -->"
    return readme


def _tables() -> dict[str, str]:
    commands = ((f"`workbench {name}`", _help(command)) for name, command in all_commands().items())
    metrics = (
        (f"`{m.name}`", m.description, m.numerator_text, m.denominator_text or "–") for m in METRICS.values()
    )
    dimensions = ((f"`{d.name}`", d.description) for d in DIMENSIONS.values())
    reports = (
        (f"`{found.name}`", found.description, f"the last whole {_default(found, 'period')}")
        for found in discover_reports().values()
    )
    settings = (
        (row.name, row.sentence, row.allowed, row.default, row.variable) for row in described_settings()
    )
    return {
        "commands": _table(("command", "what it does"), commands),
        "metrics": _table(("metric", "what", "numerator", "denominator"), metrics),
        "dimensions": _table(("dimension", "what"), dimensions),
        "reports": _table(("report", "what", "of"), reports),
        "settings": _table(("setting", "what", "allowed", "default", "variable"), settings),
    }


def _default(report: ReportNotebook, name: str) -> str:
    return str(next(parameter.default for parameter in report.parameters if parameter.name == name))


def all_commands(group: click.Group = main, prefix: str = "") -> dict[str, click.Command]:
    """Every command by its words, as `reports run`; a group that does something itself is one too."""
    commands: dict[str, click.Command] = {}
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            commands |= all_commands(command, f"{prefix}{name} ")
        if not isinstance(command, click.Group) or command.invoke_without_command:
            commands[f"{prefix}{name}"] = command
    return commands


def _help(command: click.Command) -> str:
    text = command.help or ""
    return " ".join(text.split("\n\n")[0].split())


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    README.write_text(updated(README.read_text()))

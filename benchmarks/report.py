"""Tables and facts as Markdown; the terminal gets the same text as the file."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

_PACKAGES = (
    "workbench",
    "httpx",
    "orjson",
    "pyarrow",
    "duckdb",
    "duckdb-extension-ducklake",
    "twilio",
    "pandas",
)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table with its columns in line, numbers to the right."""
    cells = [list(header), *map(list, rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(header))]
    lines = [_line(row, widths) for row in cells]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([lines[0], "| " + " | ".join(rule) + " |", *lines[1:]])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first = row[0].ljust(widths[0])
    rest = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
    return "| " + " | ".join([first, *rest]) + " |"


def machine_facts(extra_packages: Sequence[str] = ()) -> str:
    """What the figures depend on, without names or paths of this machine.

    Args:
        extra_packages: pinned requirements of peers, as `dlt==1.2.3`.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    lines = [
        f"- {datetime.now(UTC):%Y-%m-%d}, {_processor()}, {os.cpu_count()} cores, {memory:.0f} GB of memory",
        f"- {platform.system()} {platform.machine()}, Python {platform.python_version()}, {versions}",
    ]
    if extra_packages:
        lines.append(f"- peers in an environment of their own: {', '.join(extra_packages)}")
    return "\n".join(lines)


def load_average() -> str:
    """How busy the machine is with other things, as `0.35`."""
    return f"{os.getloadavg()[0]:.2f}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()

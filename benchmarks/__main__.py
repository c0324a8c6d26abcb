"""``python -m benchmarks`` (or ``make bench``): run benchmarks, print them and write RESULTS.md.

``--benchmark`` picks some; the sections of the others in RESULTS.md stay as they are.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from pathlib import Path

from benchmarks import api, dashboards, scale, sync, tasks, webhooks

RESULTS = Path(__file__).parent / "RESULTS.md"
BENCHMARKS = {
    "sync": sync,
    "dashboards": dashboards,
    "webhooks": webhooks,
    "api": api,
    "tasks": tasks,
    "scale": scale,
}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        description=__doc__,
    )
    parser.add_argument("--output", type=Path, help="instead of benchmarks/RESULTS.md, for trials")
    parser.add_argument(
        "--benchmark", nargs="+", choices=list(BENCHMARKS), default=list(BENCHMARKS), help="run these"
    )
    for benchmark in BENCHMARKS.values():
        benchmark.add_options(parser)
    options = parser.parse_args(arguments)
    output = options.output or RESULTS
    sections = read_sections(output.read_text(encoding="utf-8")) if output.exists() else {}
    for name in options.benchmark:
        text = BENCHMARKS[name].run(options)
        title, _, rest = text.partition("\n")
        sections[title] = f"{_made_by(arguments, name)}\n{rest}".strip()
        print(f"{title}\n\n{sections[title]}\n")
    output.write_text(write_sections(sections), encoding="utf-8")


def read_sections(report: str) -> dict[str, str]:
    """A report's sections by their headings of the second level."""
    parts = re.split(r"^(## .+)$", report, flags=re.MULTILINE)[1:]
    return {title: text.strip() for title, text in zip(parts[::2], parts[1::2], strict=True)}


def write_sections(sections: dict[str, str]) -> str:
    return "\n\n".join(["# Benchmarks", *(f"{title}\n\n{text}" for title, text in sections.items())]) + "\n"


def _made_by(arguments: list[str], name: str) -> str:
    """The command, without where a trial wrote its report or kept its lakes."""
    kept = list(arguments)
    for option in ("--output", "--lake-homes", "--pictures"):
        if option in kept:
            at = kept.index(option)
            del kept[at : at + 2]
    if "--benchmark" not in kept:
        kept += ["--benchmark", name]
    return f"Written by `{shlex.join(['python', '-m', 'benchmarks', *kept])}`."


if __name__ == "__main__":
    main(sys.argv[1:])

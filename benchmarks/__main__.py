"""``python -m benchmarks`` (or ``make bench``): run every benchmark, print it and write RESULTS.md."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from benchmarks import sync, webhooks

RESULTS = Path(__file__).parent / "RESULTS.md"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        description=__doc__,
    )
    parser.add_argument("--output", type=Path, help="instead of benchmarks/RESULTS.md, for trials")
    sync.add_options(parser)
    webhooks.add_options(parser)
    options = parser.parse_args(arguments)
    parts = []
    if options.only != [webhooks.NAME]:
        parts.append(sync.run(options))
    if not options.only or webhooks.NAME in options.only:
        parts.append(webhooks.run(options))
    report = "\n\n".join(["# Benchmarks", _made_by(arguments), *parts]) + "\n"
    print(report)
    (options.output or RESULTS).write_text(report, encoding="utf-8")


def _made_by(arguments: list[str]) -> str:
    """The command, without where a trial wrote its report."""
    if "--output" in arguments:
        at = arguments.index("--output")
        arguments = arguments[:at] + arguments[at + 2 :]
    return (
        f"Written by `{shlex.join(['python', '-m', 'benchmarks', *arguments])}`; `make bench` does the same."
    )


if __name__ == "__main__":
    main(sys.argv[1:])

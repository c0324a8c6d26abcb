"""The list of long tests names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import LONG_TESTS

ROOT = Path(__file__).parent.parent


ALWAYS_RUN = re.compile(r"tests/(access|backup|compliance|sending|server)/|kill|erase|secret|opt_out|twice")


def test_nothing_that_protects_people_is_left_out() -> None:
    lines = LONG_TESTS.read_text(encoding="utf-8").split()
    assert [line for line in lines if ALWAYS_RUN.search(line)] == []


def test_every_line_names_a_test() -> None:
    lines = LONG_TESTS.read_text(encoding="utf-8").split()
    assert lines == sorted(set(lines))
    for line in lines:
        file, _, name = line.partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), line

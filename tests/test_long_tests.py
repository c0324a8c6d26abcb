"""The list of long tests names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import LONG_TESTS

ROOT = Path(__file__).parent.parent


def test_every_line_names_a_test() -> None:
    lines = LONG_TESTS.read_text(encoding="utf-8").split()
    assert lines == sorted(set(lines))
    for line in lines:
        file, _, name = line.partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), line

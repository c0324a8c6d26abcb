"""On which line a name stands, in whatever way TOML lets people write it."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workbench.settings.lines import line_numbers


def test_every_way_to_write_it() -> None:
    text = (
        "# head\n"
        "a = 1  # [not.a.header]\n"
        "\n"
        "b.c = 'x'\n"
        '"quoted key" = """\n'
        "[fake]\n"
        'd = 1\n"""\n'
        "list = [\n"
        "  1,  # one\n"
        "\n"
        "  2,\n"
        "]\n"
        "[section]  # said of it\n"
        "e = { f = 1, g = { h = 2 } }\n"
        "[section.inner]\n"
        "i = '''\n"
        "j = 1\n"
        "'''\n"
        "k = 2\n"
        "[[many]]\n"
        "l = 1\n"
        "[[many]]\n"
        "l = 2\n"
    )
    assert line_numbers(text) == {
        ("a",): 2, ("b",): 4, ("b", "c"): 4, ("quoted key",): 5, ("list",): 9, ("section",): 14,
        ("section", "e"): 15, ("section", "e", "f"): 15, ("section", "e", "g"): 15,
        ("section", "e", "g", "h"): 15, ("section", "inner"): 16, ("section", "inner", "i"): 17,
        ("section", "inner", "k"): 20, ("many",): 21, ("many", "0"): 21, ("many", "0", "l"): 22,
        ("many", "1"): 23, ("many", "1", "l"): 24,
    }  # fmt: skip


def test_the_entries_of_a_list_are_known_by_their_name() -> None:
    text = (
        "[[rules]]\n"
        "when = 'x'\n"
        "name = 'first'\n"
        "if = { words = 1 }\n"
        "[rules.then]\n"
        "stop = true\n"
        "[[rules]]\n"
        "when = 'y'\n"
        "[other]\n"
        "name = 'none'\n"
    )
    assert line_numbers(text) == {
        ("rules",): 1, ("rules", "first"): 1, ("rules", "first", "when"): 2, ("rules", "first", "name"): 3,
        ("rules", "first", "if"): 4, ("rules", "first", "if", "words"): 4, ("rules", "then"): 5,
        ("rules", "first", "then"): 5, ("rules", "first", "then", "stop"): 6, ("rules", "1"): 7,
        ("rules", "1", "when"): 8, ("other",): 9, ("other", "name"): 10,
    }  # fmt: skip


names = st.text("abcdef_-", min_size=1, max_size=4)
values = st.sampled_from(["1", "'x'", "[\n 1,\n 2\n]", '"""\n[a]\nb = 1\n"""', "{ x = 1 }", "2026-01-01"])


@given(st.dictionaries(names, st.dictionaries(names, values, max_size=3), max_size=4), st.integers(0, 2))
def test_each_line_begins_with_the_name(sections: dict[str, dict[str, Any]], gap: int) -> None:
    blocks = [
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
        for name, keys in sections.items()
    ]
    text = ("\n" * gap + "# note\n").join(blocks)
    tomllib.loads(text)
    lines, written = line_numbers(text), text.split("\n")
    for name, keys in sections.items():
        assert written[lines[name,] - 1] == f"[{name}]"
        for key in keys:
            assert written[lines[name, key] - 1].startswith(f"{key} = ")

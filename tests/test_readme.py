"""The README says what the program does."""

from __future__ import annotations

import re

from tests.readme_tables import README, all_commands, updated


def test_tables_are_up_to_date() -> None:
    text = README.read_text()
    assert text == updated(text), "run: python -m tests.readme_tables"


def test_every_command_in_the_readme_exists_and_every_option_of_it() -> None:
    for line in re.findall(r"^workbench .*$", README.read_text(), flags=re.MULTILINE):
        words = line.split("#")[0].split()
        command = next(
            found
            for name, found in all_commands().items()
            if words[1 : 1 + len(name.split())] == name.split()
        )
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", " ".join(words))) <= known, line


def test_every_command_has_help() -> None:
    for name, command in all_commands().items():
        assert command.help, name
        for parameter in command.params:
            is_argument = parameter.param_type_name == "argument" or getattr(parameter, "hidden", False)
            assert is_argument or getattr(parameter, "help", None), f"{name} {parameter.name}"


def test_the_two_commands_come_first() -> None:
    text = README.read_text()
    first = text.index("```")
    assert text.index("make demo") == first + 4
    assert text.index("make test") < text.index("##")

"""What holds of every command: its forms of output, its options, its aliases."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tests.cli.conftest import Run
from tests.readme_tables import all_commands
from workbench.cli import main
from workbench.cli.group import ALIASES
from workbench.render import fitted_widths

COMMANDS = all_commands(main)

#: Lists and values of an installation with nothing but a sync; each must print JSON.
QUESTIONS = [
    ["alerts"], ["alerts", "list"], ["alerts", "list", "--rules"], ["alerts", "history"], ["alerts", "run"],
    ["audit", "show"], ["audit", "verify"], ["compliance"], ["compliance", "counts"],
    ["compliance", "quiet-hours"], ["compliance", "rows", "after-opt-out"], ["config", "show"],
    ["consent", "blocked"], ["consent", "revocations"], ["contacts", "list"], ["contacts", "changes"],
    ["conversations"], ["conversations", "--waiting"], ["dimensions"], ["metric", "messages"], ["metrics"],
    ["what-if"],
    ["outbox"], ["outbox", "list"], ["outbox", "settle"], ["reconcile"], ["reports", "list"],
    ["reports", "schedule"], ["segments", "Hi"], ["sql", "select 1 as one"], ["status"], ["sync"],
    ["templates"], ["templates", "list"], ["users", "list"],
    # other spellings
    ["metric", "list"], ["report", "list"], ["revocations"], ["revocations", "--state", "all"],
]  # fmt: skip

#: What prints files, progress or one line, and nothing to read on.
NO_FORMAT = {
    "alerts mute", "alerts unmute", "config check", "config template", "connect", "consent export",
    "consent import", "consent push", "consent remove", "consent show", "contacts edit",
    "contacts export", "contacts merge",
    "contacts undo", "demo", "events replay", "init", "mcp serve", "new dimension", "new metric",
    "new page", "new report", "new template", "outbox release", "reports due", "reports run",
    "reports send", "rules disable", "rules enable", "schedule print", "schedule run", "serve", "simulate",
    "subject export", "subject readmit", "templates remove", "templates show", "tokens create",
    "tokens revoke", "users add",
    "users passwd", "users remove", "views delete", "views edit", "views restore", "views save",
    "views subscribe", "views unsubscribe",
}  # fmt: skip


def options_of(name: str) -> list[click.Option]:
    return [option for option in COMMANDS[name].params if isinstance(option, click.Option)]


def test_rows_and_values_come_in_every_format() -> None:
    without = {
        name
        for name in COMMANDS
        if not any(option.name == "format" and "--format" in option.opts for option in options_of(name))
    }
    assert without - {"schedule print"} == NO_FORMAT - {"schedule print"}


@pytest.mark.parametrize("name", COMMANDS)
def test_an_option_has_one_name_one_meaning_and_no_json_beside_format(name: str) -> None:
    for option in options_of(name):
        spellings = {spelling for spelling in option.opts if spelling.startswith("--")}
        assert "--json" not in spellings or option.hidden
        assert not spellings & {"--time-zone", "--tz", "--output", "--file", "--path", "--yes", "--dry-run"}
        assert option.hidden or (option.help or "").endswith((".", "?", ")")), f"{name} {option.opts}"
    asked = CliRunner().invoke(main, [*name.split(), "--help"])
    assert asked.exit_code == 0
    assert "--json" not in asked.output


#: The help of these says for each command what it does.
OWN_HELP = {
    "--confirm", "--out", "--since", "--until", "--limit", "--timezone", "--country", "--search", "--batch",
    "--account-sid", "--state", "--scope", "--format", "--port", "--hooks-port", "--api-port", "--name",
    "--label", "--messages", "--days", "--start", "--to", "--at", "--body", "--template", "--labels",
    "--check", "--watch", "--role", "--kind", "--because", "--title", "--order", "--language",
}  # fmt: skip


def test_the_same_option_says_the_same_everywhere() -> None:
    texts: dict[str, set[str]] = {}
    for name in COMMANDS:
        for option in options_of(name):
            if not option.hidden:
                texts.setdefault(option.opts[0], set()).add(str(option.help))
    differing = {spelling for spelling, helps in texts.items() if len(helps) > 1}
    assert differing - OWN_HELP == set()


@pytest.fixture
def here(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command in this process."""
    for name, value in environ.items():
        if name.startswith(("WORKBENCH_", "TWILIO_")):
            monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(main, arguments)


def test_every_question_is_answered_in_json(here: Callable[..., Result]) -> None:
    assert here("sync", "--messages-only").exit_code == 0
    for question in QUESTIONS:
        asked = here(*question, "--format", "json")
        assert asked.exit_code in (0, 1), (question, asked.output)
        assert isinstance(json.loads(asked.stdout), list | dict), question
    for question in (["metrics"], ["segments", "Hi"], ["users", "list"], ["outbox"], ["revocations"]):
        assert here(*question, "--json").stdout == here(*question, "--format", "json").stdout


@pytest.mark.parametrize("alias", ALIASES, ids=" ".join)
def test_an_alias_is_the_command_that_it_stands_for(alias: tuple[str, ...]) -> None:
    asked = CliRunner().invoke(main, [*alias, "--help"])
    meant = CliRunner().invoke(main, [*ALIASES[alias], "--help"])
    assert (asked.exit_code, asked.output) == (0, meant.output)
    listed = re.findall(r"^  (\S+) ", CliRunner().invoke(main, ["--help"]).output, re.MULTILINE)
    assert alias[0] not in listed or len(alias) > 1


def test_a_text_comes_from_stdin() -> None:
    asked = CliRunner().invoke(main, ["segments", "-", "--format", "json"], input="Hi\n")
    assert json.loads(asked.output)["per_segment"] == ["Hi"]


@pytest.mark.parametrize(
    ("widths", "keep", "available", "fitted"),
    [
        ([10, 40, 5], [False, False, False], 60, [10, 40, 5]),
        ([10, 40, 5], [False, False, False], 45, [10, 30, 5]),
        ([30, 40, 5], [False, False, True], 45, [20, 20, 5]),
        ([30, 40], [True, False], 40, [30, 10]),
        ([30, 40], [True, False], 10, [30, 8]),
        ([5, 6], [False, False], 4, [5, 6]),
    ],
)
def test_the_widest_texts_are_cut_first_and_numbers_never(
    widths: list[int], keep: list[bool], available: int, fitted: list[int]
) -> None:
    assert fitted_widths(widths, keep, available) == fitted


def test_a_table_is_fitted_to_a_terminal_and_whole_in_a_pipe(
    run: Run, environ: dict[str, str], tmp_path: Path
) -> None:
    assert run("sync", "--messages-only").returncode == 0
    query = "select 123456789 as number, repeat('long text ', 30) as body from range(2)"
    asked = run("sql", "-", stdin=query)
    assert max(map(len, asked.stdout.splitlines())) > 300
    # `script` gives the command a terminal of its own.
    script = f'stty cols 70; {sys.executable} -m workbench sql "{query}"'
    shown = subprocess.run(
        ["script", "-qec", script, "/dev/null"],
        env={**environ, "COLUMNS": ""}, capture_output=True, text=True, cwd=tmp_path, timeout=60,
    )  # fmt: skip
    lines = shown.stdout.replace("\r", "").splitlines()
    assert max(len(line) for line in lines if "123456789" in line) == 70
    assert sum(line.endswith("…") for line in lines) == 2
    assert "--format csv or json has them whole" in shown.stdout


CHOICES = {
    (name, option.opts[0]): option
    for name, command in COMMANDS.items()
    for option in command.params
    if isinstance(option.type, click.Choice)
}


@pytest.mark.parametrize("choice", sorted(CHOICES), ids=" ".join)
def test_a_choice_is_taken_in_any_case(choice: tuple[str, str]) -> None:
    command, option = choice
    parameter = CHOICES[choice]
    whole = click.Context(main, **main.context_settings)
    context = click.Context(COMMANDS[command], parent=whole)
    assert isinstance(parameter.type, click.Choice)
    for word in parameter.type.choices:
        assert parameter.type.convert(word.upper(), parameter, context) == word, (command, option)

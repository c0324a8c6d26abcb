"""Every command has a notebook call of the same words with the same parameters, and the other way round."""

from __future__ import annotations

import inspect
import typing

import click
import pytest

from tests.api.surface import NAMESPACES, Call, public_calls, type_hints
from tests.readme_tables import all_commands
from workbench import Workbench
from workbench.cli import main

COMMANDS = all_commands(main)
CALLS = public_calls()

#: `import` is a keyword of Python, and a call has no dash.
SPELLED = {
    "import": "import_file",
    "sync import": "sync import_files",
    "send-batch": "send_batch",
    "what-if": "metrics what_if",
}

NO_CALL = {
    "config check": "sets a machine up, before there is anything to open",
    "config show": "wb.settings",
    "config template": "sets a machine up, before there is anything to open",
    "connect": "sets up the machine that runs `workbench serve`, which must be running",
    "demo": "runs processes until Ctrl-C",
    **{
        f"fleet {word}": "sets a machine up, before there is anything to open"
        for word in ("init", "join", "push", "rekey", "status", "take")
    },
    "init": "sets a machine up, before there is anything to open",
    "mcp install": "prints settings of other programs",
    "mcp serve": "runs a process until stdin closes",
    **{
        f"new {kind}": "writes a file that is then edited"
        for kind in ("dimension", "metric", "page", "report", "template")
    },
    "schedule print": "is for cron and systemd, where no notebook runs",
    "schedule run": "is for cron and systemd; its jobs are calls: wb.sync(), wb.reconcile() …",
    "restore": "fills an empty home, before there is anything to open",
    "segments": "needs no installation: workbench.count_segments",
    "serve": "runs processes until Ctrl-C",
    "simulate": "runs a process until Ctrl-C",
    "upgrade": "every call that opens a lake brings it to this version",
    "users add": "asks for a password on a terminal",
    "users list": "belongs to the server",
    "users passwd": "asks for a password on a terminal",
    "users remove": "belongs to the server",
}
NO_COMMAND = {
    "close": "a command ends by itself",
    "inbox": "a widget",
    "outbox composer": "a widget",
    "outbox preflight": "`workbench send` and `send-batch` without --confirm",
    "reports notebooks": "the values behind `workbench reports list`",
    "reports run_rows": "`workbench reports run --params`",
    "sql batches": "a stream is for programs",
    "sync bulk_export": "`workbench sync --bulk-export`",
    "sync watch": "`workbench sync --watch`",
}

#: Parameters of a command that its call has not, each with its reason.
NO_PARAMETER = {
    "conversation": {
        "limit": "of OpenConversation.messages and text",
        "out": "of OpenConversation.export",
        "whole": "of OpenConversation.export",
    },
    "conversations": {"waiting": "short for --view waiting"},
    "doctor": {"all_results": "the call gives them all", "fix": "asks on a terminal"},
    "reports run": {"params": "of reports.run_rows", "allow_unknown": "one of **parameters"},
    "send-batch": {"file": "the notebook gives a frame"},
    "status": {"watch": "a loop is for programs to write"},
    "sync": {
        "watch": "wb.sync.watch",
        "bulk_export": "wb.sync.bulk_export",
        "create_job": "of wb.sync.bulk_export",
        "start_anew": "mends a home before it can be opened",
        "adopt_files": "mends a home before it can be opened",
        "set_damaged_aside": "mends a home before it can be opened",
    },
}
#: Parameters of a call that no command has: what only a program can give.
NO_OPTION = {
    "*": {"stop", "on_progress", "on_day", "on_run", "on_removal"},
    "send-batch": {"frame"},
    "sql": {"parameters"},
}
#: Options that are spelled otherwise than their parameter, each with its reason.
OTHER_SPELLING = {
    "sender": "--from: a keyword of Python",
    "formats": "--format: several with commas",
    "variables": "--var: one at a time",
    "content_variables": "--content-var: one at a time",
    "parameters": "--param: one at a time",
    "positions": "--position: one at a time",
}
#: Defaults that differ, each with its reason.
OTHER_DEFAULT = {
    ("sync", "subaccounts"): "a flag that is not given leaves it to the settings",
    ("send", "batch"): "as [sending] of the options says", ("reply", "batch"): "made from the question",
    ("send-batch", "batch"): "the name of the file",
}  # fmt: skip


def call_words(command: str) -> str:
    words = SPELLED.get(command)
    if words is None:
        group, _, last = command.rpartition(" ")
        words = f"{group} {SPELLED.get(last, last)}".strip()
    return words


PAIRS = [name for name in COMMANDS if name not in NO_CALL]


def test_few_names_stand_at_the_top() -> None:
    names = [name for name in dir(Workbench()) if not name.startswith("_")]
    assert len(names) == 37, names
    assert {"consent", "audit", "compliance", "contacts", "reports", "subject"} <= set(NAMESPACES)


def test_every_command_has_a_call_and_every_call_a_command() -> None:
    assert set(NO_CALL) <= set(COMMANDS)
    assert set(NO_COMMAND) <= set(CALLS)
    assert {call_words(name) for name in PAIRS} == set(CALLS) - set(NO_COMMAND)


def parameters_of(call: Call) -> dict[str, inspect.Parameter]:
    """By name; the options of a message one by one."""
    parameters = dict(list(inspect.signature(call).parameters.items())[1:])
    if "options" in parameters:
        del parameters["options"]
        (options,) = typing.get_args(type_hints(call)["options"])
        for name in typing.get_type_hints(options):
            parameters[name] = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None)
    return parameters


@pytest.mark.parametrize("name", PAIRS)
def test_a_command_and_its_call_have_the_same_parameters(name: str) -> None:
    given = {option.name for option in COMMANDS[name].params if option.expose_value} - {"format"}
    taken = set(parameters_of(CALLS[call_words(name)]))
    assert given - set(NO_PARAMETER.get(name, {})) == taken - NO_OPTION["*"] - NO_OPTION.get(name, set())
    assert set(NO_PARAMETER.get(name, {})) <= given - taken


@pytest.mark.parametrize("name", PAIRS)
def test_an_option_is_spelled_and_defaults_as_its_parameter(name: str) -> None:
    parameters = parameters_of(CALLS[call_words(name)])
    for option in COMMANDS[name].params:
        parameter = parameters.get(option.name or "")
        if not isinstance(option, click.Option) or parameter is None or not option.expose_value:
            continue
        spelled = f"--{parameter.name.replace('_', '-')}"
        assert spelled in option.opts or parameter.name in OTHER_SPELLING, f"{name} {option.opts}"
        if (name, parameter.name) in OTHER_DEFAULT or parameter.name in OTHER_SPELLING:
            continue
        default = option.to_info_dict()["default"]
        assert (default or None) == (parameter.default or None) or option.required, f"{name} {spelled}"


@pytest.mark.parametrize("word", [word for word in NAMESPACES if word not in ("metrics", "dimensions")])
def test_a_namespace_lists_its_calls_with_one_line_each(word: str) -> None:
    lines = repr(getattr(Workbench(), word)).splitlines()
    assert lines[0].startswith(f"wb.{word}: ")
    calls = [name for name in CALLS if name.split(" ")[0] == word]
    assert len(lines) == 1 + len(calls)
    for line, name in zip(lines[1:], sorted(calls), strict=True):
        text, _, meaning = line.strip().partition(")  ")
        assert text.startswith(f"wb.{name.replace(' ', '.')}(")
        assert meaning.strip().endswith((".", ":", ","))
    assert set(dir(getattr(Workbench(), word))) >= {name.split(" ")[-1] for name in calls} - {word}

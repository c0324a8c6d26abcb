"""The options of the commands that send: what a message says, and who sends it."""

from __future__ import annotations

from typing import Any

import click

from workbench.cli import completion
from workbench.cli.options import TEXT, Command, Option, read_pairs, var_option

_EXAMPLE = "first_name=Ana"
_PAIR = "NAME=VALUE"


def sender_options(command: Command) -> Command:
    """Who sends."""
    return _all(command, [
        click.option("--from", "sender", shell_complete=completion.senders,
                     help="Our address, as +12025550110 or whatsapp:+12025550110."),
        click.option("--service", shell_complete=completion.services,
                     help="SID of a messaging service, which then chooses the sender."),
    ])  # fmt: skip


def content_options(command: Command) -> Command:
    """What a message can be made of, for one recipient or many."""
    return _all(command, [
        click.option("--body", type=TEXT, help="The text, - for stdin; {{ first_name }} is a blank, "
                     "{{ '{{' }} a pair of braces."),
        click.option("--template", shell_complete=completion.templates,
                     help="Name of a template instead; see `workbench templates`."),
        var_option(),
        click.option("--media", multiple=True, metavar="URL", help="Attachment, up to 10 times."),
        click.option("--at", help="When Twilio shall send it, as 2026-11-30T09:00."),
        click.option("--validity-seconds", "--validity", type=click.IntRange(1, 36_000),
                     help="How long it may wait at Twilio."),
        click.option("--content-sid", help="SID (HX…) of a content template of WhatsApp or RCS."),
        click.option("--content-var", "content_variables", multiple=True, metavar=_PAIR, help="One of its."),
        click.option("--ignore-quiet-hours", is_flag=True, help="Send in quiet hours too; it is audited."),
    ])  # fmt: skip


def batch_option(default: str) -> Option:
    """``--batch``."""
    what = f"Name under which the same text is sent once. Default: {default}."
    return click.option("--batch", help=what)


def message_options(batch: str | None, content: dict[str, Any]) -> tuple[str | None, Any]:
    """The text and the options of the notebook call; what was not given is left out."""
    options = {name: value for name, value in content.items() if value not in (None, ())}
    for name, option in (("variables", "--var"), ("content_variables", "--content-var")):
        if name in options:
            options[name] = read_pairs(option, options[name], _EXAMPLE)
    if batch is not None:
        options["batch"] = batch
    return options.pop("body", None), options


def _all(command: Command, options: list[Option]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command

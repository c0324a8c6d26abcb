"""The command that connects Twilio's webhooks."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from workbench.cli.group import main
from workbench.cli.options import confirm_option
from workbench.cli.output import say, say_notices

if TYPE_CHECKING:
    from workbench.webhook_setup.setup import Connection


@main.command()
@confirm_option("Set it; without it nothing changes at Twilio.")
def connect(confirm: bool) -> None:
    """Show what to set at Twilio so that webhooks arrive here, prove that they would, and set it.

    WORKBENCH_PUBLIC_URL says where Twilio reaches the hooks of `workbench serve`, which must be running: the
    proof sends it a signed and a forged request. Exit 1 while the proof fails; then nothing is set. A list
    that Twilio refuses, as to a restricted key, is named, the rest is shown and set all the same; exit 1 too.
    """
    from workbench.api import Installation
    from workbench.api.webhooks import connect_webhooks

    with Installation() as installation:
        result = connect_webhooks(installation, confirm=confirm)
    _show(result)
    say_notices(result.notices)
    sys.exit(0 if _say_outcome(result, confirm) else 1)


def _show(result: Connection) -> None:
    for item in result.plans:
        if item.answered_by:
            say(f"{item.kind} {item.name}: {item.answered_by}")
        elif not item.changes:
            say(f"{item.kind} {item.name}: as it must be")
        else:
            say(f"{item.kind} {item.name} ({item.sid})")
            for change in item.changes:
                say(f"    {change.shown}")
    click.echo(f"Proof, through {result.public_url}:")
    for proof in result.proofs:
        say(f"    {'ok    ' if proof.is_good else 'FAILED'}  {proof.what}: {proof.message}")


def _say_outcome(result: Connection, confirm: bool) -> bool:
    """One line of what was done and what comes next; whether all is well."""
    waiting = len(result.pending)
    for failure in (*result.unread, *result.failures):
        say(f"Error: {failure}", err=True)
    if not result.is_proven:
        click.echo("Error: The proof failed, so nothing was changed at Twilio.", err=True)
    elif result.changed or result.failures:
        click.echo(f"{len(result.changed)} set at Twilio, {len(result.failures)} failed.", err=True)
    elif waiting:
        click.echo(f"Nothing was changed. `workbench connect --confirm` sets these {waiting}.", err=True)
    elif result.unread:
        click.echo("What could be read is set; the rest is not known.", err=True)
    else:
        click.echo("Everything is set.", err=True)
    return result.is_proven and not result.failures and not result.unread

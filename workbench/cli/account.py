"""The command that sets an account up."""

from __future__ import annotations

import click

from workbench.cli.group import main
from workbench.cli.options import timezone_option


@main.command()
@click.option("--account-sid", envvar="TWILIO_ACCOUNT_SID", help="AC… from the console's front page.")
@click.option("--api-key", envvar="TWILIO_API_KEY", help="SK…; asked for its secret. Better than the token.")
@timezone_option("Reporting time zone, as Europe/Berlin.", default="UTC")
@click.option("--since", help="First day to sync, as 2026-01-31. Default: everything Twilio still lists.")
@click.option(
    "--credentials",
    "store",
    type=click.Choice(["file", "environment"]),
    default="file",
    show_default=True,
    help="Where secrets stay: a file only you can read, or your environment.",
)
def init(account_sid: str | None, api_key: str | None, timezone: str, since: str | None, store: str) -> None:
    """Set up an account: check the credentials against Twilio, then write the settings.

    Secrets come from TWILIO_AUTH_TOKEN or TWILIO_API_SECRET, or are asked for without an echo.
    """
    from workbench.setup import initialize

    def ask(text: str, hidden: bool) -> str:
        return str(click.prompt(text, hide_input=hidden, err=True))

    lines = initialize(account_sid, api_key, timezone, since, store, ask=ask)
    for line in lines:
        click.echo(line, err=True)

"""The home of the demo: what it writes there at a start, and what a fresh one removes."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from workbench.demo.account import control
from workbench.files import create_whole
from workbench.settings import CREDENTIALS_FILE, DEMO_FOLDER, SETTINGS_FILE, find_home

_ACCOUNT_FILE = "simulated-account.json"
JOURNAL_FILE = "simulated-account.jsonl"
_RULES = """\
[[rules]]
name = "billing"
when = "message_received"
if = { any_words = ["refund", "charged", "invoice"] }
then = { label = ["billing"] }

[[rules]]
name = "after-hours"
enabled = false
when = "message_received"
if = { business_hours = false }
then = { label = ["after hours"], reply = "after-hours" }

[[rules]]
name = "thanks-resolve"
enabled = false
when = "message_received"
then = { state = "resolved" }

[rules.if]
keyword = ["ok", "okay", "thanks", "thank you", "ok thanks", "ok thank you", "gracias"]
question = false
media = false
after_answer = true
"""
"""One that is on and harmless, and two to try out before they are switched on."""
_TEMPLATES = {
    "after-hours": """\
title = "After hours"
body = "Thanks for your message. We are here Monday to Friday, 9 to 5, and answer then."
""",
    "refund": """\
title = "Refund is on its way"
shortcut = "refund"
body = "Hi {{ first_name }}, your refund is on its way. It takes 3 to 5 days to reach your account."
""",
    "order-late": """\
title = "Order is late"
shortcut = "late"
body = "Hi {{ first_name }}, sorry that order {{ order }} is late. It arrives {{ day }}."
""",
    "opening-hours": """\
title = "Opening hours"
shortcut = "hours"
body = "We are open Monday to Friday, 9 to 5."
""",
    "anything-else": """\
title = "Anything else?"
shortcut = "else"
body = "Happy to help. Is there anything else we can do for you?"
""",
}
"""Texts of the demo by the names of their files: some have blanks, and shortcuts of the inbox."""


def demo_home() -> Path:
    """The demo's own folder, beside a real lake."""
    home = find_home(os.environ, Path.cwd())
    return home if home.name == DEMO_FOLDER else home / DEMO_FOLDER


def forget(home: Path) -> None:
    """Remove only what a demo wrote."""
    from workbench.lake.audit import ANCHOR_FILE
    from workbench.lake.secret_key import KEY_FILE
    from workbench.lake.set_aside import SET_ASIDE_FOLDER

    for name in ("lake", "tmp", SET_ASIDE_FOLDER):
        shutil.rmtree(home / name, ignore_errors=True)
    for name in (SETTINGS_FILE, CREDENTIALS_FILE, _ACCOUNT_FILE, JOURNAL_FILE, ANCHOR_FILE, KEY_FILE):
        (home / name).unlink(missing_ok=True)


def remember_account(home: Path, messages: int, days: int) -> dict[str, Any]:
    """The parameters of the account, the same at every start, because the lake must match the account."""
    path = home / _ACCOUNT_FILE
    if path.exists():
        account: dict[str, Any] = json.loads(path.read_text())
        if (account["messages"], account["days"]) != (messages, days):
            click.echo(
                f"Notice: going on with the demo of {account['start']} ({account['messages']:,} messages in "
                f"{account['days']} days); --fresh begins a new one.",
                err=True,
            )
        return account
    start = datetime.now(UTC).date() - timedelta(days=days)
    account = {"seed": 1, "start": start.isoformat(), "days": days, "messages": messages}
    path.write_text(json.dumps(account))
    return account


def write_settings(home: Path, environment: dict[str, str], start: str, hooks_url: str) -> None:
    """Settings of the demo, so that commands and notebooks beside it find the same account."""
    (home / SETTINGS_FILE).write_text(
        "# Written by `workbench demo` at every start: an account that exists on this machine only.\n"
        f'public_url = "{hooks_url}"\n\n'
        f'[twilio]\naccount_sid = "{environment["TWILIO_ACCOUNT_SID"]}"\n'
        f'base_url = "{environment["WORKBENCH_TWILIO_BASE_URL"]}"\n\n'
        f'[sync]\nsince = "{date.fromisoformat(start)}"\nsubaccounts = true\n\n'
        '[schedule]\nsync = "1m"\n\n'
        # The data is not real, so pages need no token.
        "[access]\ntoken = false\n\n" + _RULES
    )
    for name, text in _TEMPLATES.items():
        create_whole(home / "templates" / f"{name}.toml", text)
    credentials = home / CREDENTIALS_FILE
    credentials.touch(mode=0o600)
    tokens = [f'{sid} = "{token}"\n' for sid, token in _subaccount_tokens(environment).items()]
    credentials.write_text(
        f'auth_token = "{environment["TWILIO_AUTH_TOKEN"]}"\n\n[subaccount_tokens]\n' + "".join(tokens)
    )


def _subaccount_tokens(environment: dict[str, str]) -> dict[str, str]:
    """The auth tokens of the account's subaccounts by SID: each signs its webhooks with its own."""
    with control(environment) as http:
        accounts = http.get("/2010-04-01/Accounts.json").raise_for_status().json()["accounts"]
    own = environment["TWILIO_ACCOUNT_SID"]
    return {account["sid"]: account["auth_token"] for account in accounts if account["sid"] != own}


def server_environment(home: Path) -> dict[str, str]:
    """This process's environment for those of the demo, without what it has for a real account."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "WORKBENCH_"))
    }
    return {**environment, "WORKBENCH_HOME": str(home)}

"""``workbench init``: checks the credentials of a real account, then writes settings and credentials."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from workbench.api import parse_day
from workbench.errors import ConfigError, TwilioAuthError
from workbench.files import make_folder, write_whole
from workbench.settings import (
    CREDENTIALS_FILE,
    DEMO_FOLDER,
    SETTINGS_FILE,
    Credentials,
    check_credentials,
    check_timezone,
    find_home,
    load_settings,
)
from workbench.settings.describe import settings_template

Ask = Callable[[str, bool], str]


def initialize(
    account_sid: str | None,
    api_key: str | None,
    timezone: str,
    since: str | None,
    store: str,
    *,
    ask: Ask,
    environ: Mapping[str, str] | None = None,
) -> list[str]:
    """Check the credentials against the account, then write the settings.

    Args:
        store: "file" writes secrets to a file of mode 0600, "environment" leaves them in the environment.
        ask: called with a question, and whether its answer is hidden, for each value that is missing.

    Returns:
        Lines for the user: what was done and what to do next.
    """
    env = os.environ if environ is None else environ
    home = _real_home(env)
    check_timezone(timezone)
    parse_day(since, "since")
    credentials = _gather(account_sid, api_key, env, ask)
    _refuse_other_account(home, credentials.account_sid)
    name = _check_with_twilio(credentials, env, home)
    lines = [f"{credentials.account_sid} answers: {name}."]
    make_folder(home)
    if store == "file":
        write_whole(home / CREDENTIALS_FILE, _credentials_toml(credentials))
        lines.append(f"Secrets are in {home / CREDENTIALS_FILE}, which only you can read.")
    else:
        names = "TWILIO_API_KEY and TWILIO_API_SECRET" if credentials.api_key else "TWILIO_AUTH_TOKEN"
        lines.append(f"No secret was written: keep TWILIO_ACCOUNT_SID with {names} in your environment.")
    if (home / SETTINGS_FILE).exists():
        lines.append(f"{home / SETTINGS_FILE} was there already and stays as it is.")
    else:
        write_whole(
            home / SETTINGS_FILE, _settings_toml(credentials.account_sid, timezone, since), mode=0o644
        )
        lines.append(f"Settings are in {home / SETTINGS_FILE}.")
    return [*lines, "Next: workbench sync, then workbench serve."]


def _real_home(env: Mapping[str, str]) -> Path:
    home = find_home(env, Path.cwd())
    return home.parent if home.name == DEMO_FOLDER else home


def _gather(account_sid: str | None, api_key: str | None, env: Mapping[str, str], ask: Ask) -> Credentials:
    account_sid = account_sid or ask("Account SID (AC…)", False)
    if api_key:
        secret = env.get("TWILIO_API_SECRET") or ask("API secret", True)
        return check_credentials(account_sid, env.get("TWILIO_AUTH_TOKEN"), api_key, secret)
    token = env.get("TWILIO_AUTH_TOKEN") or ask("Auth token", True)
    return check_credentials(account_sid, token, None, None)


def _refuse_other_account(home: Path, account_sid: str) -> None:
    if not (home / SETTINGS_FILE).exists():
        return
    existing = load_settings({"WORKBENCH_HOME": str(home)}).optional_credentials
    if existing and existing.account_sid != account_sid:
        raise ConfigError(
            f"{home} is set up for {existing.account_sid}, not {account_sid}. "
            "Give the other account a home of its own: set WORKBENCH_HOME to another folder."
        )


def _check_with_twilio(credentials: Credentials, env: Mapping[str, str], home: Path) -> str:
    from workbench.twilio.client import TwilioClient
    from workbench.twilio.resources import fetch_account, message_page

    settings = load_settings({**_base_url(env), "WORKBENCH_HOME": str(home)})
    with TwilioClient(credentials, base_url=settings.twilio.base_url) as client:
        try:
            account = fetch_account(client, credentials.account_sid)
        except TwilioAuthError:
            if not credentials.api_key:
                raise
            # A standard API key can read messages, but not the account.
            message_page(client, credentials.account_sid, {"PageSize": 1})
            return "the API key may read its messages"
    return f"{account.get('friendly_name')}, {account.get('type')}, {account.get('status')}"


def _base_url(env: Mapping[str, str]) -> dict[str, str]:
    name = "WORKBENCH_TWILIO_BASE_URL"
    return {name: env[name]} if env.get(name) else {}


def _credentials_toml(credentials: Credentials) -> str:
    values = {
        "account_sid": credentials.account_sid,
        "auth_token": credentials.auth_token.reveal() if credentials.auth_token else None,
        "api_key": credentials.api_key,
        "api_secret": credentials.api_secret.reveal() if credentials.api_secret else None,
    }
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items() if value)


def _settings_toml(account_sid: str, timezone: str, since: str | None) -> str:
    given = {("timezone",): timezone, ("twilio", "account_sid"): account_sid}
    return settings_template(given | ({("sync", "since"): since} if since else {}))

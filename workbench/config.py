"""Settings: the environment first, then ``workbench.toml``, then the credentials file.

Everything of one installation lives under its *home* (``WORKBENCH_HOME``, default ``./data``):
``workbench.toml`` (settings, no secrets), ``credentials.toml`` (secrets, mode 0600), the lake, reports.
A secret is a :class:`Secret`: it never shows in a repr, a log or a notebook.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from workbench.errors import ConfigError

SETTINGS_FILE = "workbench.toml"
CREDENTIALS_FILE = "credentials.toml"
DEMO_FOLDER = "demo"

STATUS_PATH, INBOUND_PATH = "/webhooks/twilio/status", "/webhooks/twilio/inbound"
"""Under ``public_url``: where Twilio tells the status of messages, and brings those that come in."""
PROBE_FIELD = "WorkbenchProbe"
"""In a signed form: only whether it arrives is asked; nothing is stored."""

_ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")
_API_KEY = re.compile(r"SK[0-9a-fA-F]{32}")


class Secret:
    """A string that shows itself only when asked with :meth:`reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is never pickled")


@dataclass(frozen=True)
class Credentials:
    """What Twilio's REST API accepts: the account with its auth token, or with an API key."""

    account_sid: str
    auth_token: Secret | None = None
    api_key: str | None = None
    api_secret: Secret | None = None
    webhook_key: str | None = None
    webhook_secret: Secret | None = None
    """A shared key that signs webhooks instead of the auth token: its name, and its secret."""
    subaccount_tokens: Mapping[str, Secret] = field(default_factory=dict)
    """Auth tokens by SID: a subaccount's webhooks are signed with its own."""

    @property
    def webhook_secrets(self) -> dict[str, Secret]:
        """What may sign webhooks: the auth token under the empty name, a shared key under its own."""
        secrets = {"": self.auth_token} if self.auth_token else {}
        if self.webhook_key and self.webhook_secret:
            secrets[self.webhook_key] = self.webhook_secret
        return secrets

    @property
    def basic_auth(self) -> tuple[str, str]:
        """User and password for HTTP basic auth; the API key wins, it can be revoked alone."""
        if self.api_key and self.api_secret:
            return self.api_key, self.api_secret.reveal()
        if self.auth_token:
            return self.account_sid, self.auth_token.reveal()
        raise ConfigError(_NO_CREDENTIALS)


@dataclass(frozen=True)
class Settings:
    """One installation's settings, as found by :func:`load_settings`."""

    home: Path
    lake: str = field(repr=False)  # may hold a password; LakeAddress.shown does not
    lake_data: str | None = None
    timezone: str = "UTC"
    public_url: str | None = None
    twilio_base_url: str | None = None
    lookback_days: int = 3
    since: str | None = None
    subaccounts: bool = False
    media_bytes: bool = False  # copy attachments too, not only what they are
    privacy: str = "full"  # its values and what they mean: workbench.messaging.privacy
    mps_limits: Mapping[str, float] = field(default_factory=dict)
    sections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    found_credentials: Credentials | None = field(default=None, repr=False)

    @property
    def credentials(self) -> Credentials:
        """The account's credentials; raises ConfigError that says how to give them."""
        if self.found_credentials is None:
            raise ConfigError(_NO_CREDENTIALS)
        return self.found_credentials

    def section(self, name: str) -> Mapping[str, Any]:
        """A section of ``workbench.toml`` as written, empty where there is none; its room checks it."""
        return self.sections.get(name, {})

    @property
    def is_demo(self) -> bool:
        return self.home.name == DEMO_FOLDER


_NO_CREDENTIALS = (
    "No Twilio credentials: set TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN (or TWILIO_API_KEY and "
    "TWILIO_API_SECRET), run `workbench init`, or try `workbench demo`, which needs none."
)


def load_settings(environ: Mapping[str, str] | None = None, *, cwd: Path | None = None) -> Settings:
    """Read and check the settings.

    Raises:
        ConfigError: naming the setting, its value, what is allowed and where it came from.
    """
    env = os.environ if environ is None else environ
    home = find_home(env, cwd or Path.cwd())
    file = _read_toml(home / SETTINGS_FILE)
    _reject_secrets(file, home / SETTINGS_FILE)
    sections = ("twilio", "lake", "sync", "privacy", "mps_limits")
    twilio, lake, sync, privacy, mps_limits = (_section(file, name, home) for name in sections)

    def pick(variable: str, section: Mapping[str, Any], key: str) -> str | None:
        value = env.get(variable) or section.get(key)
        return None if value in (None, "") else str(value)

    timezone = pick("WORKBENCH_TIMEZONE", file, "timezone") or "UTC"
    base_url = pick("WORKBENCH_TWILIO_BASE_URL", twilio, "base_url")
    privacy_mode = pick("WORKBENCH_PRIVACY", privacy, "mode") or "full"
    public_url = pick("WORKBENCH_PUBLIC_URL", file, "public_url")
    return Settings(
        home=home,
        lake=pick("WORKBENCH_LAKE", lake, "catalog") or f"sqlite:{home / 'lake' / 'catalog.sqlite'}",
        lake_data=pick("WORKBENCH_LAKE_DATA", lake, "data"),
        timezone=check_timezone(timezone),
        public_url=_check_url("WORKBENCH_PUBLIC_URL", public_url),
        twilio_base_url=_check_url("WORKBENCH_TWILIO_BASE_URL", base_url),
        lookback_days=_check_days("sync.lookback_days", sync.get("lookback_days", 3)),
        since=pick("WORKBENCH_SYNC_SINCE", sync, "since"),
        subaccounts=_check_flag("sync.subaccounts", sync.get("subaccounts", False)),
        media_bytes=_check_media_bytes(sync.get("media_bytes", False), privacy_mode),
        privacy=privacy_mode,
        mps_limits=_check_mps_limits(mps_limits),
        sections={name: value for name, value in file.items() if isinstance(value, dict)},
        found_credentials=_find_credentials(env, twilio, home),
    )


def read_secret(name: str, home: Path, environ: Mapping[str, str] | None = None) -> Secret | None:
    """A secret of this product's own: ``WORKBENCH_NAME`` in the environment, else ``name`` in the file.

    Raises:
        ConfigError: others may read the file.
    """
    env = os.environ if environ is None else environ
    value = env.get(f"WORKBENCH_{name.upper()}") or _read_credentials_file(home / CREDENTIALS_FILE).get(name)
    return Secret(str(value)) if value else None


def find_home(env: Mapping[str, str], cwd: Path) -> Path:
    """The folder that holds this installation.

    ``WORKBENCH_HOME`` when set; else ``data/`` of the nearest folder upwards that is in use, so that a
    notebook in a subfolder finds it; else ``./data``. With nothing set up there but a demo, the demo.
    """
    given = env.get("WORKBENCH_HOME")
    if given:
        return _or_its_demo(Path(given).expanduser().absolute(), env)
    for folder in (cwd, *cwd.parents):
        home = _or_its_demo(folder / "data", env)
        if _in_use(home):
            return home
    return cwd / "data"


def _in_use(home: Path) -> bool:
    return (home / SETTINGS_FILE).exists() or (home / "lake").is_dir()


def _or_its_demo(home: Path, env: Mapping[str, str]) -> Path:
    real = _in_use(home) or env.get("TWILIO_ACCOUNT_SID") or env.get("WORKBENCH_LAKE")
    demo = home / DEMO_FOLDER
    return demo if not real and _in_use(demo) else home


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as handle:
            return tomllib.load(handle)
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}. Correct that line and run again.") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error


def _section(file: Mapping[str, Any], name: str, home: Path) -> Mapping[str, Any]:
    section = file.get(name, {})
    if not isinstance(section, dict):
        raise ConfigError(f"{home / SETTINGS_FILE}: {name} must be a section, written as [{name}].")
    return section


def _reject_secrets(file: Mapping[str, Any], path: Path) -> None:
    """Settings are shared and committed; secrets have a file of their own."""
    for name, value in file.items():
        if isinstance(value, dict):
            _reject_secrets(value, path)
        elif not isinstance(value, bool) and any(
            word in name.lower() for word in ("token", "secret", "password")
        ):
            raise ConfigError(
                f"{path} holds {name!r}. Secrets do not belong there: move it to the environment or to "
                f"{CREDENTIALS_FILE} beside it (`workbench init` writes that file with mode 0600)."
            )


def _find_credentials(env: Mapping[str, str], twilio: Mapping[str, Any], home: Path) -> Credentials | None:
    # The environment names a whole account or nothing: half from here and half from a file could
    # pair one account's name with another one's token.
    if env.get("TWILIO_ACCOUNT_SID"):
        found: Mapping[str, Any] = {
            "account_sid": env["TWILIO_ACCOUNT_SID"],
            "auth_token": env.get("TWILIO_AUTH_TOKEN"),
            "api_key": env.get("TWILIO_API_KEY"),
            "api_secret": env.get("TWILIO_API_SECRET"),
            "webhook_key": env.get("TWILIO_WEBHOOK_KEY"),
            "webhook_secret": env.get("TWILIO_WEBHOOK_SECRET"),
            "subaccount_tokens": _read_token_list(env.get("TWILIO_SUBACCOUNT_TOKENS", "")),
        }
    else:
        found = {**twilio, **_read_credentials_file(home / CREDENTIALS_FILE)}
    account_sid = str(found.get("account_sid") or "")
    if not account_sid:
        return None
    credentials = check_credentials(
        account_sid, found.get("auth_token"), found.get("api_key"), found.get("api_secret")
    )
    key, secret = found.get("webhook_key"), found.get("webhook_secret")
    if bool(key) != bool(secret):
        missing = "TWILIO_WEBHOOK_SECRET" if key else "TWILIO_WEBHOOK_KEY"
        raise ConfigError(f"{missing} is not set; a shared key for webhooks needs its name and its secret.")
    tokens = _check_subaccount_tokens(found.get("subaccount_tokens") or {})
    credentials = replace(credentials, subaccount_tokens=tokens)
    return (
        replace(credentials, webhook_key=key, webhook_secret=Secret(secret))
        if key and secret
        else credentials
    )


def _read_token_list(text: str) -> dict[str, str]:
    """`AC…=token,AC…=token` as a mapping."""
    pairs = (part.partition("=") for part in text.split(",") if part.strip())
    return {sid.strip(): token.strip() for sid, _, token in pairs}


def _check_subaccount_tokens(tokens: object) -> dict[str, Secret]:
    if not isinstance(tokens, Mapping) or not all(
        _ACCOUNT_SID.fullmatch(sid) and isinstance(token, str) and token for sid, token in tokens.items()
    ):
        raise ConfigError(
            "TWILIO_SUBACCOUNT_TOKENS must hold account SIDs with their auth tokens, as AC…=token,AC…=token; "
            f"in {CREDENTIALS_FILE} as a section [subaccount_tokens] with a line for each: AC… = 'token'."
        )
    return {sid: Secret(token) for sid, token in tokens.items()}


def check_credentials(
    account_sid: str, auth_token: str | None, api_key: str | None, api_secret: str | None
) -> Credentials:
    """Build credentials, or raise ConfigError that names what is malformed (never a secret's value)."""
    if not _ACCOUNT_SID.fullmatch(account_sid):
        raise ConfigError(
            f"TWILIO_ACCOUNT_SID is {account_sid!r}; an account SID is AC and 32 hexadecimal digits. "
            "Copy it from the Twilio console's front page."
        )
    if api_key and not _API_KEY.fullmatch(api_key):
        raise ConfigError(f"TWILIO_API_KEY is {api_key!r}; an API key SID is SK and 32 hexadecimal digits.")
    if bool(api_key) != bool(api_secret):
        missing = "TWILIO_API_SECRET" if api_key else "TWILIO_API_KEY"
        raise ConfigError(
            f"{missing} is not set; an API key needs both TWILIO_API_KEY and TWILIO_API_SECRET."
        )
    if not auth_token and not api_key:
        raise ConfigError(
            f"Account {account_sid} has no TWILIO_AUTH_TOKEN and no TWILIO_API_KEY with TWILIO_API_SECRET; "
            "set one of them or run `workbench init`."
        )
    return Credentials(
        account_sid,
        Secret(auth_token) if auth_token else None,
        api_key or None,
        Secret(api_secret) if api_secret else None,
    )


def _read_credentials_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise ConfigError(
            f"{path} can be read by others (mode {mode:04o}). It holds secrets: run `chmod 600 {path}`."
        )
    return _read_toml(path)


def check_timezone(name: str) -> str:
    """The name itself, if it is a time zone."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(
            f"WORKBENCH_TIMEZONE is {name!r}, which is no time zone; use a name such as 'Europe/Berlin', "
            "'America/New_York' or 'UTC'."
        ) from error
    return name


def _check_url(variable: str, url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"{variable} is {url!r}; it must look like https://host or http://127.0.0.1:8080.")
    if parts.username or parts.password:
        raise ConfigError(f"{variable} contains a user or password; give the bare address instead.")
    return url.rstrip("/")


def _check_days(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 400:
        raise ConfigError(f"{name} is {value!r}; it must be a whole number of days from 0 to 400.")
    return value


def _check_flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"{name} is {value!r}; write true or false, without quotes.")
    return value


def _check_media_bytes(value: object, privacy_mode: str) -> bool:
    """An attachment is what somebody wrote, as a text is."""
    wanted = _check_flag("sync.media_bytes", value)
    if wanted and privacy_mode != "full":
        raise ConfigError(
            f"sync.media_bytes is true and privacy.mode is {privacy_mode!r}: attachments may be kept only "
            "where texts are. Set media_bytes = false, or use a lake of its own with mode = 'full'."
        )
    return wanted


def _check_mps_limits(section: Mapping[str, Any]) -> dict[str, float]:
    """Segments per second by sender or kind of sender."""
    for name, value in section.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 10_000:
            raise ConfigError(
                f"mps_limits: {name!r} is {value!r}; write segments per second, above 0 and up to 10000, "
                'as "+12025550110" = 1 or "toll-free" = 3.'
            )
    return {name: float(value) for name, value in section.items()}

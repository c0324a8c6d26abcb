"""The sections of workbench.toml: every setting with its type, default, unit, allowed values and meaning.

The dataclasses have no repr, because some contain secrets, and each generated method costs start-up time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.errors import ConfigError
from workbench.settings.credentials import subaccount_tokens
from workbench.settings.declare import Kind, file_only, required, setting
from workbench.settings.kinds import choice, day, flag, secret, table, text, texts, url, whole
from workbench.settings.secret import Secret
from workbench.settings.values import Money, moment, money, report_formats, timezone

PRIVACY_MODES = ("full", "no_body", "masked", "hashed")
MAIL_SECURITIES = ("starttls", "tls", "none")

_LONGEST_DAYS = 36_500


@dataclass(frozen=True, eq=False, repr=False)
class LakeSettings:
    """Where the lake is."""

    catalog: str | None = setting(
        None, text("sqlite:PATH, or postgres:dbname=… host=…"),
        "The catalog: `sqlite:PATH`, or `postgres:dbname=… host=…` to share one lake between machines.",
        variable="WORKBENCH_LAKE", example='"postgres:dbname=workbench host=db.example.com"',
        default_text="`lake/catalog.sqlite` in the home",
    )  # fmt: skip
    data: str | None = setting(
        None, text("a folder or s3://bucket/prefix/"),
        "Where a shared lake's files go: a folder that every machine sees, or `s3://bucket/prefix/`.",
        example='"s3://bucket/prefix/"', default_text="beside the catalog",
    )  # fmt: skip
    fleet_key: Secret | None = setting(
        None, secret(),
        "The key of what the machines of a fleet share, as `workbench fleet init` makes it: docs/fleet.md.",
        secret="fleet_key", variable="WORKBENCH_FLEET_KEY", in_files=False,
    )  # fmt: skip
    fleet_key_file: str | None = setting(
        None, text("the whole path of a file"),
        "The file that holds that key, where the environment does not.",
        variable="WORKBENCH_FLEET_KEY_FILE", example='"/etc/workbench/fleet.key"',
        default_text="`fleet.key` in the home, where it is there",
    )  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class SyncSettings:
    """What a sync brings."""

    lookback_days: int = setting(3, whole(0, 400, "days"), "Days before today that every sync reads again.")
    since: str | None = setting(
        None, day(), "The first day to sync.", example='"2026-01-31"', default_text="all that Twilio lists"
    )
    subaccounts: bool = setting(False, flag(), "Sync the open subaccounts of the account too.")
    media_bytes: bool = setting(
        False, flag(), "Copy attachments themselves to `media/`, up to 16 MB each, not only what they are."
    )


@dataclass(frozen=True, eq=False, repr=False)
class PrivacySettings:
    """What may be kept; see :mod:`workbench.messaging.privacy`."""

    mode: str = setting(
        "full", choice(*PRIVACY_MODES),
        "What of a message is stored; the first sync fixes it for the life of the lake.",
        variable="WORKBENCH_PRIVACY",
    )  # fmt: skip
    mask_own_numbers: bool = setting(
        False,
        flag(),
        "Mask the numbers of our own senders on pages too, as where one is a person's own phone.",
    )


@dataclass(frozen=True, eq=False, repr=False)
class SendingSettings:
    """Rules for every send of this installation."""

    sender: str | None = setting(
        None, text(), "The default sender, an address, if none is named.", example='"+12025550110"'
    )
    service: str | None = setting(
        None, text("the SID of a messaging service, MG and 32 hexadecimal digits", "MG[0-9a-fA-F]{32}"),
        "As `sender`, for a messaging service: its SID.", example=f'"MG{"0" * 32}"',
    )  # fmt: skip
    require_consent: bool = setting(False, flag(), "Block contacts without consent, instead of warning.")
    max_messages_per_batch: int = setting(10_000, whole(1, 10_000_000), "Cap on the messages of one batch.")
    max_messages_per_day: int = setting(50_000, whole(1, 10_000_000), "Cap on the messages of 24 hours.")
    max_spend_per_batch: Money | None = setting(
        None, money(), "Cap on the estimated spend of one batch.", example='"25.00 USD"'
    )
    max_spend_per_day: Money | None = setting(
        None, money(), "Cap on the estimated spend of 24 hours.", example='"25.00 USD"'
    )
    typed_count_from: int = setting(
        2, whole(1, 10_000_000), "From this many recipients on, --confirm needs their exact number."
    )
    settle_after_seconds: int = setting(
        120, whole(1, 10_000_000, "seconds"),
        "How long to search Twilio for a message of a killed process before it counts as not sent.",
    )  # fmt: skip
    default_country: str | None = setting(
        None, text('a country of two capital letters, as "US"', "[A-Z]{2}"),
        "The country of numbers without a country code.", example='"US"',
    )  # fmt: skip
    business_name: str | None = setting(
        None, text(), "Put before texts whose template asks for it.", example='"Example Ltd"'
    )
    opt_out_line: str = setting(
        "Reply STOP to opt out.", text(), "Put after texts whose template asks for it."
    )


def _words() -> Kind:
    word = text("a word of at most 40 characters", longest=40)
    return texts('a list of words, as ["ARRET", "BAJA"]', word.parse)


@dataclass(frozen=True, eq=False, repr=False)
class KeywordSettings:
    """Words that mean something in what people write; :mod:`workbench.lake.own_keywords` uses them."""

    opt_out: tuple[str, ...] = setting(
        (), _words(),
        "Words that stop messages, beside Twilio's own and those of the A2P campaigns; earlier messages "
        "whose text is kept count, too.", example='["ARRET", "BAJA", "STOPP"]',
    )  # fmt: skip
    opt_in: tuple[str, ...] = setting(
        (), _words(), "Words that let messages come again; not on toll-free numbers.", example='["REPRISE"]'
    )
    help: tuple[str, ...] = setting((), _words(), "Words that ask for help.", example='["AIDE", "AYUDA"]')


@dataclass(frozen=True, eq=False, repr=False)
class ConversationsSettings:
    """The business hours; :mod:`workbench.conversations.business_hours` reads the lines."""

    business_hours: tuple[str, ...] = setting(
        ("Mon-Fri 09:00-17:00",),
        texts('a list of texts, as ["Mon-Fri 09:00-17:00", "Sat 10:00-14:00"]', or_one=True),
        "When people here answer; reply times are counted in these hours too.",
    )  # fmt: skip
    business_timezone: str | None = setting(
        None, timezone(), "The time zone of these hours.", example='"America/New_York"',
        default_text="`timezone`",
    )  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class RetentionSettings:
    """How long data is kept; None keeps it forever."""

    bodies: int | None = setting(
        None, whole(1, _LONGEST_DAYS, "days"), "Days after which the texts of messages are deleted.",
        example="90",
    )  # fmt: skip
    messages: int | None = setting(
        None, whole(1, _LONGEST_DAYS, "days"),
        "Days after which messages are deleted, with everything that belongs to them.", example="400",
    )  # fmt: skip
    alerts: int | None = setting(
        None, whole(1, _LONGEST_DAYS, "days"), "Days after which Twilio's warnings and errors are deleted.",
        example="90",
    )  # fmt: skip
    status_events: int | None = setting(
        None, whole(1, _LONGEST_DAYS, "days"),
        "Days after which the history of statuses is deleted.", example="400",
    )  # fmt: skip

    def __post_init__(self) -> None:
        if self.bodies and self.messages and self.bodies > self.messages:
            raise ConfigError(
                f"[retention] bodies = {self.bodies} is longer than messages = {self.messages}; a text "
                "cannot outlive its message."
            )


@dataclass(frozen=True, eq=False, repr=False)
class ScheduleSettings:
    """When `workbench serve` runs each job."""

    sync: str = setting("5m", moment(), "When to sync.")
    maintenance: str = setting(
        "1h", moment(), "When to merge small files, and to delete old versions with their files."
    )
    doctor: str = setting("1h", moment(), "When to examine the account and this installation.")
    alerts: str = setting(
        "1m", moment(), "When to look whether a rule of [alerts] holds; after every other job it looks, too."
    )
    cancellations: str = setting(
        "5m", moment(), "When to cancel messages that are scheduled for people who opted out."
    )
    reconcile: str = setting("03:30", moment(), "When to compare the lake with Twilio.")
    reports: str = setting("06:00", moment(), "When to make those of [reports] whose period is over.")
    retention: str = setting("04:30", moment(), "When to remove what [retention] says.")
    backup: str = setting("02:30", moment(), "When to make a backup, if [backup] target is set.")


@dataclass(frozen=True, eq=False, repr=False)
class BackupSettings:
    """Where backups go; :mod:`workbench.backup` makes them."""

    target: str | None = setting(
        None, text("a folder or s3://bucket/prefix/"),
        "Where backups go: a folder outside of the home, or `s3://bucket/prefix/`.",
        example='"s3://bucket/backups/"',
    )  # fmt: skip
    keep: int | None = setting(
        None, whole(1, 10_000, "backups"), "How many backups are kept; older ones are removed.",
        example="30", default_text="all",
    )  # fmt: skip
    passphrase: Secret | None = setting(
        None, secret(), "Encrypts backups, which hold the home's secrets only then.",
        secret="backup_passphrase", variable="WORKBENCH_BACKUP_PASSPHRASE",
    )  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class WebhooksSettings:
    """The answers of the webhooks."""

    opt_out_reply: str | None = setting(
        None, text("a text of at most 1600 characters", longest=1600),
        "The answer to an opt-out, if neither Twilio nor the network answers it.",
        example='"You will get no more messages."',
    )  # fmt: skip
    opt_in_reply: str | None = setting(
        None, text("a text of at most 1600 characters", longest=1600),
        "The answer to an opt-in, if neither Twilio nor the network answers it.", example='"Welcome back."',
    )  # fmt: skip
    help_reply: str | None = setting(
        None, text("a text of at most 1600 characters", longest=1600),
        "The answer to HELP, if neither Twilio nor the network answers it.",
        example='"Call +1 202 555 0110."',
    )  # fmt: skip
    most_per_second: int = setting(
        3_000, whole(1, 100_000), "The most requests a second; others are asked to come again."
    )


@dataclass(frozen=True, eq=False, repr=False)
class SmtpSettings:
    """The mail server of reports and alerts."""

    host: str | None = setting(None, text(), "The mail server.", example='"smtp.example.com"')
    port: int | None = setting(
        None, whole(1, 65_535), "Its port.", example="587",
        default_text="587 with starttls, 465 with tls, 25 with none",
    )  # fmt: skip
    security: str = setting(
        "starttls", choice(*MAIL_SECURITIES), "How the connection is encrypted; `none` on this machine only."
    )
    user: str | None = setting(None, text(), "Who signs in there.", example='"reports"')
    sender: str | None = setting(
        None, text('an e-mail address, as "reports@example.com"', r"\S+@\S+"), "Who the mail is from.",
        key="from", example='"reports@example.com"',
    )  # fmt: skip
    to: tuple[str, ...] = setting(
        (), texts('a list of e-mail addresses, as ["ann@example.com"]', or_one=True),
        "Who gets a report if no recipient is named.",
    )  # fmt: skip
    password: Secret | None = setting(
        None, secret(), "Password of `user`.", secret="smtp_password", variable="WORKBENCH_SMTP_PASSWORD"
    )


@dataclass(frozen=True, eq=False, repr=False)
class ReportSettings:
    """One report that is made as soon as its period is over; `name` is the entry's and labels its files."""

    name: str
    report: str = required(
        text("the name of a report, as `workbench reports list` names them"),
        "Which report; `workbench reports list` names them.", example='"cost"',
    )  # fmt: skip
    to: tuple[str, ...] = setting(
        (),
        file_only(texts('a list, as ["ann@example.com"]')),
        "Who gets it by mail.",
    )
    formats: tuple[str, ...] = setting(("html", "pdf"), file_only(report_formats()), "Which files are made.")
    parameters: Mapping[str, Any] = setting(
        {},
        table('a table, as { client = "ACME" }', lambda name, value: (name, value)),
        "Parameters of the report.",
        example='{ client = "ACME" }',
    )

    def __post_init__(self) -> None:
        if self.to and "pdf" not in self.formats:
            raise ConfigError(
                f"formats is {list(self.formats)!r}; what is mailed is the pdf, so it must be one of them."
            )


@dataclass(frozen=True, eq=False, repr=False)
class TwilioSettings:
    """The account; :class:`workbench.settings.credentials.Credentials` is built from it."""

    base_url: str | None = setting(
        None, url(), "One address that replaces every Twilio host (simulator, proxy).",
        example='"http://127.0.0.1:8080"',
    )  # fmt: skip
    account_sid: str | None = setting(
        None, text("an account SID, AC and 32 hexadecimal digits"), "The account.",
        variable="TWILIO_ACCOUNT_SID", example=f'"AC{"0" * 32}"', group="account",
    )  # fmt: skip
    auth_token: Secret | None = setting(
        None, secret(), "Its auth token; Twilio signs webhooks with it.",
        variable="TWILIO_AUTH_TOKEN", secret="auth_token", group="account",
    )  # fmt: skip
    api_key: str | None = setting(
        None, text("the SID of an API key, SK and 32 hexadecimal digits"),
        "An API key instead of the token: it can be revoked alone.",
        variable="TWILIO_API_KEY", example=f'"SK{"0" * 32}"', group="account",
    )  # fmt: skip
    api_secret: Secret | None = setting(
        None, secret(), "The API key's secret.",
        variable="TWILIO_API_SECRET", secret="api_secret", group="account",
    )  # fmt: skip
    webhook_key: str | None = setting(
        None, text(), "Name of a shared key, if one signs webhooks.",
        variable="TWILIO_WEBHOOK_KEY", example='"name-of-the-key"', group="shared key",
    )  # fmt: skip
    webhook_secret: Secret | None = setting(
        None, secret(), "The shared key's secret.",
        variable="TWILIO_WEBHOOK_SECRET", secret="webhook_secret", group="shared key",
    )  # fmt: skip
    subaccount_tokens: Mapping[str, Secret] = setting(
        {}, subaccount_tokens(), "Auth tokens of subaccounts whose webhooks come here.",
        variable="TWILIO_SUBACCOUNT_TOKENS", secret="subaccount_tokens", group="subaccounts",
    )  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class AssistantsSettings:
    """What assistants may do beside reading with numbers masked."""

    reveal: bool = setting(
        False,
        flag(),
        "Tokens of agents and admins may reveal whole numbers, and texts by SQL; each is audited.",
    )
    may_propose: bool = setting(
        False, flag(), "Agents' assistants may leave proposed replies as private notes, which people send."
    )


@dataclass(frozen=True, eq=False, repr=False)
class ApiSettings:
    """How much a program may ask of the HTTP interface."""

    requests_per_minute: int = setting(
        600, whole(1, 1_000_000, "requests"), "How often each token may ask within a minute."
    )

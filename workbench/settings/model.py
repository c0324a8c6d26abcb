"""All settings of one installation, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workbench.errors import ConfigError
from workbench.home import FLEET_STATE
from workbench.settings import kinds, values
from workbench.settings.access import AccessSettings
from workbench.settings.alerts import AlertSettings
from workbench.settings.credentials import NO_CREDENTIALS, Credentials, check_account
from workbench.settings.declare import entries, section, setting
from workbench.settings.events import EventsSettings
from workbench.settings.home import DEMO_FOLDER
from workbench.settings.logs import LogsSettings
from workbench.settings.notifications import NotificationSettings
from workbench.settings.rules import RuleSettings, check_rule_name
from workbench.settings.sections import (
    ApiSettings,
    AssistantsSettings,
    BackupSettings,
    ConversationsSettings,
    KeywordSettings,
    LakeSettings,
    PrivacySettings,
    ReportSettings,
    RetentionSettings,
    ScheduleSettings,
    SendingSettings,
    SmtpSettings,
    SyncSettings,
    TwilioSettings,
    WebhooksSettings,
)


@dataclass(frozen=True, eq=False, repr=False)
class Settings:
    """One installation's settings, as read by :func:`workbench.settings.load_settings`."""

    home: Path
    timezone: str = setting("UTC", values.timezone(), "Time zone of days, weeks and hours in every number.")
    public_url: str | None = setting(
        None, kinds.url(),
        "Where Twilio reaches the webhooks; every message sent from here asks for its status there.",
        example='"https://sms.example.com"',
    )  # fmt: skip
    paper: str | None = setting(
        None, kinds.choice("A4", "Letter"), "Paper of reports as PDF.",
        example='"Letter"', default_text="that of the country of `timezone`, else of the locale",
    )  # fmt: skip
    twilio: TwilioSettings = section(TwilioSettings, "The account; its secrets are in credentials.toml.")
    lake: LakeSettings = section(LakeSettings, "Where the lake is.")
    sync: SyncSettings = section(SyncSettings, "What a sync brings.")
    privacy: PrivacySettings = section(PrivacySettings, "What of a message is stored.")
    access: AccessSettings = section(AccessSettings, "How others sign in to the pages: docs/deploy.md.")
    api: ApiSettings = section(ApiSettings, "The HTTP interface for programs: docs/http.md.")
    assistants: AssistantsSettings = section(
        AssistantsSettings, "What assistants may do: docs/assistants.md."
    )
    sending: SendingSettings = section(SendingSettings, "Rules for every send.")
    keywords: KeywordSettings = section(
        KeywordSettings,
        "What people write, as a whole message, in the account's own words: whatever the case and accents.",
    )
    conversations: ConversationsSettings = section(ConversationsSettings, "Reply times in business hours.")
    schedule: ScheduleSettings = section(
        ScheduleSettings,
        'Jobs of `workbench serve`: how often ("5m", "2h"), a time of day ("03:30") or "off".',
    )
    webhooks: WebhooksSettings = section(
        WebhooksSettings,
        "Set a reply only where Twilio's own answers are switched off: otherwise people get two.",
    )
    logs: LogsSettings = section(LogsSettings, "What the processes log; never a number, a text or a secret.")
    alerts: AlertSettings = section(AlertSettings, "What is watched, and who is told: docs/alerts.md.")
    notifications: NotificationSettings = section(
        NotificationSettings, "What people are told of, unless they choose otherwise: docs/notifications.md."
    )
    rules: Mapping[str, RuleSettings] = entries(
        RuleSettings, "What is done by itself, in the order of this file: docs/rules.md.",
        check_rule_name, "after-hours", is_list=True,
    )  # fmt: skip
    events: EventsSettings = section(
        EventsSettings, "Who is told of what happens, by signed webhooks: docs/events.md."
    )
    retention: RetentionSettings = section(RetentionSettings, "How long data is kept.")
    backup: BackupSettings = section(BackupSettings, "Where backups go.")
    smtp: SmtpSettings = section(SmtpSettings, "The mail server of reports.")
    mps_limits: Mapping[str, float] = setting(
        {}, values.senders(kinds.number(0, 10_000, "segments per second"), '"+12025550110" = 1', kinds=True),
        "Segments per second that Twilio granted, by sender or by kind of sender.",
        example='"toll-free" = 3',
    )  # fmt: skip
    daily_caps: Mapping[str, int] = setting(
        {}, values.senders(kinds.whole(1, 10**12, "segments a day"), '"+12025550110" = 2000', kinds=False),
        "Segments a day that a carrier lets through, by sender; the throughput page shows them.",
        example='"+12025550110" = 2000',
    )  # fmt: skip
    reports: Mapping[str, ReportSettings] = entries(
        ReportSettings, "Reports that are made as soon as their period is over.",
        kinds.check_entry_name, "monthly-cost",
    )  # fmt: skip

    def __post_init__(self) -> None:
        # An attachment is content of a person, as a text is.
        if self.sync.media_bytes and self.privacy.mode != "full":
            raise ConfigError(
                f"sync.media_bytes is true and privacy.mode is {self.privacy.mode!r}: attachments may be "
                "kept only where texts are. Set media_bytes = false, or use a lake of its own with mode = "
                "'full'."
            )

    @property
    def catalog(self) -> str:
        """The address of the lake's catalog; it may contain a password."""
        return self.lake.catalog or f"sqlite:{self.home / 'lake' / 'catalog.sqlite'}"

    @cached_property
    def optional_credentials(self) -> Credentials | None:
        """The account's credentials; None if there are none.

        Raises:
            ConfigError: they are malformed; :func:`workbench.settings.load_settings` checks this before.
        """
        account = self.twilio
        return check_account(
            account.account_sid,
            account.auth_token,
            account.api_key,
            account.api_secret,
            account.webhook_key,
            account.webhook_secret,
            account.subaccount_tokens,
        )

    @property
    def credentials(self) -> Credentials:
        """The account's credentials; raises ConfigError that says how to give them."""
        if self.optional_credentials is None:
            raise ConfigError(NO_CREDENTIALS)
        return self.optional_credentials

    @property
    def may_be_in_fleet(self) -> bool:
        """Whether other machines may share files of this home; cheap to ask."""
        return self.catalog.startswith("postgres:") or (self.home / FLEET_STATE).exists()

    @property
    def is_demo(self) -> bool:
        return self.home.name == DEMO_FOLDER

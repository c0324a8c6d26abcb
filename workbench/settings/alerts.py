"""The section `[alerts]` of workbench.toml: which rules watch over what, and who is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.errors import ConfigError
from workbench.settings.declare import Kind, entries, file_only, setting
from workbench.settings.kinds import (
    check_entry_name,
    choice,
    flag,
    named_secrets,
    number,
    table,
    text,
    texts,
    whole,
)
from workbench.settings.secret import Secret
from workbench.settings.values import Money, money

SEVERITIES = ("warning", "critical")
_ANY_NUMBER = 10.0**12


def length() -> Kind:
    """A length of time; :func:`workbench.settings.values.read_length` reads it."""
    return file_only(text('a length of time, as "30m", "6h" or "2d"', r"0m|[1-9]\d{0,4}[mhd]"))


def alert_targets() -> Kind:
    """Addresses of apprise by a name; in a variable with spaces between them."""
    allowed = (
        "names with addresses of apprise, as ops=slack://… team=json://… ; in credentials.toml as a section "
        "[alert_targets] with a line for each: ops = 'slack://…'"
    )

    return named_secrets(allowed, lambda address: "://" in address)


@dataclass(frozen=True, eq=False, repr=False)
class AlertRuleSettings:
    """One rule; what is not given is as the built-in rule of this name has it, or as a new rule begins."""

    name: str
    enabled: bool = setting(True, file_only(flag()), "False switches the rule off.")
    metric: str | None = setting(
        None, file_only(text("the name of a metric, as `workbench metrics` lists them")),
        "What is watched; `workbench metrics` lists them.", example='"undelivered_rate"',
    )  # fmt: skip
    by: tuple[str, ...] | None = setting(
        None, file_only(texts('a list of dimensions, as ["sender"]', or_one=True)),
        "Each of these is watched alone; `workbench dimensions` lists them.", example='["sender"]',
    )  # fmt: skip
    where: Mapping[str, Any] | None = setting(
        None, table('a table, as { country = "US" }', lambda name, value: (name, value)),
        "Only messages with these values.", example='{ country = "US" }',
    )  # fmt: skip
    per: str | None = setting(
        None, file_only(text("the name of a metric that counts")),
        "Divide by this metric, so that more traffic is no alert.", example='"delivered"',
    )  # fmt: skip
    window: str | None = setting(None, length(), "The time that is measured.", example='"1h"')
    delay: str | None = setting(
        None, length(), "How long before now the window ends, for what is known late.", example='"24h"'
    )
    above: float | None = setting(
        None, file_only(number(-1, _ANY_NUMBER, "the metric's unit")),
        "Alert above this; a rate is a fraction, 0.02 is 2 %, a duration is in seconds.", example="0.02",
    )  # fmt: skip
    below: float | None = setting(
        None, file_only(number(0, _ANY_NUMBER, "the metric's unit")), "Alert below this.", example="0.95"
    )
    change: float | None = setting(
        None, file_only(number(0, 1000, "times")),
        "Alert at so many times what the same hours of the last weeks had; below 1 for a fall. With `above` "
        "or `below`, both must hold.", example="3",
    )  # fmt: skip
    minimum_sample: int | None = setting(
        None, file_only(whole(0, 10**9)), "Below so many messages nothing is said.", example="100"
    )
    lasting: str | None = setting(None, length(), "How long it must hold.", example='"15m"')
    quiet: str | None = setting(
        None, length(), "After a notice no second one about the same for so long.", example='"6h"'
    )
    severity: str | None = setting(
        None, file_only(choice(*SEVERITIES)), "Critical ones come in quiet hours too, and by SMS.",
        example='"critical"',
    )  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class AlertSettings:
    """Who is told of what; :mod:`workbench.alerts.rules` makes the rules of it."""

    enabled: bool = setting(True, flag(), "Watch, and tell the targets.")
    targets: Mapping[str, Secret] = setting(
        {}, alert_targets(),
        "Where notices go: addresses of apprise (Slack, Teams, webhooks …), each with a name.",
        variable="WORKBENCH_ALERT_TARGETS", secret="alert_targets",
    )  # fmt: skip
    mail_to: tuple[str, ...] = setting(
        (), texts('a list of e-mail addresses, as ["ann@example.com"]', or_one=True),
        "Who gets notices by mail, through [smtp].", example='["ann@example.com"]',
    )  # fmt: skip
    sms_to: tuple[str, ...] = setting(
        (), texts('a list of numbers, as ["+14155550123"]', or_one=True),
        "Who of the team gets critical notices by SMS, by the rules of [sending]; needs `sms_per_day`.",
        example='["+14155550123"]',
    )  # fmt: skip
    sms_per_day: int | None = setting(
        None, whole(1, 1000), "Cap on these messages of 24 hours, all recipients together.", example="20"
    )
    quiet_hours: str | None = setting(
        None, text('hours as "22:00-07:00"', r"(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d"),
        "Warnings wait until these hours are over, in `timezone`.", example='"22:00-07:00"',
    )  # fmt: skip
    repeat: str = setting(
        "off", text('a length of time, as "24h", or "off"', r"off|[1-9]\d{0,4}[hd]"),
        "Remind so often of what goes on.",
    )  # fmt: skip
    budget: Money | None = setting(
        None, money(), "What a month may cost: an alert when it is spent, or forecast to be.",
        example='"500.00 USD"',
    )  # fmt: skip
    rules: Mapping[str, AlertRuleSettings] = entries(
        AlertRuleSettings, "Rules of your own, and changes of the built-in ones by their name.",
        check_entry_name, "us-failures",
    )  # fmt: skip

    def __post_init__(self) -> None:
        if self.sms_to and self.sms_per_day is None:
            raise ConfigError(
                "[alerts] sms_to has recipients and sms_per_day is not set: say how many messages a day "
                "they may get, as sms_per_day = 20."
            )
        for recipient in self.sms_to:
            if not re.fullmatch(r"\+[1-9][0-9]{6,14}", recipient):
                raise ConfigError(
                    f"[alerts] sms_to has {recipient!r}; write numbers with their country code, as "
                    "+14155550123."
                )
        for recipient in self.mail_to:
            if not re.fullmatch(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+", recipient):
                raise ConfigError(f"[alerts] mail_to has {recipient!r}; write it as ann@example.com.")

"""The ways out: apprise for Slack, Teams and webhooks, mail by `[smtp]`, and SMS through the account."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import ConfigError, WorkbenchError
from workbench.lake.alerts import Outcome
from workbench.messaging.addresses import mask
from workbench.reports.mail import MailUncertain, mail_settings, mask_mail, send_text
from workbench.settings import Secret, Settings

MAIL = "mail"
SMS = "sms "
"""Begins the names of targets that get SMS."""


@dataclass(frozen=True)
class TargetAnswer:
    """How a delivery ended; `detail` is for people and holds no secret."""

    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True)
class NoticeWords:
    """A notice as each kind of target takes it; `key` is the same for the same notice."""

    subject: str
    text: str
    short_text: str
    key: str
    is_critical: bool = False


SendSms = Callable[[str, str, str], TargetAnswer]
"""Sends a text (recipient, text, key) by the rules of sending."""


@dataclass(frozen=True)
class Target:
    """Somebody to tell; `tell` never raises what a delivery may meet. The address is nowhere in its repr."""

    name: str
    tell: Callable[[NoticeWords], TargetAnswer] = field(repr=False)


def alert_targets(settings: Settings, send_sms: SendSms) -> list[Target]:
    """Everybody that the settings name."""
    alerts = settings.alerts
    targets = [Target(name, _apprise_teller(address)) for name, address in alerts.targets.items()]
    if alerts.mail_to:
        targets.append(Target(MAIL, lambda words: _tell_by_mail(settings, words)))
    names: list[str] = []
    for number in alerts.sms_to:
        name = SMS + mask(number)
        same = sum(each == name or each.startswith(f"{name} (") for each in names)
        names.append(f"{name} ({same + 1})" if same else name)
        targets.append(Target(names[-1], _sms_teller(number, send_sms)))
    return targets


def check_targets(settings: Settings) -> None:
    """Check what can be checked of the targets without telling anybody.

    Raises:
        ConfigError: apprise knows no service of an address, or mail has recipients and no server.
    """
    if settings.alerts.mail_to:
        mail_settings(settings)
    for name, address in settings.alerts.targets.items():
        import apprise

        with _captured_log():
            if apprise.Apprise.instantiate(address.reveal()) is None:
                raise ConfigError(
                    f"[alert_targets] {name} is no address of a service that apprise knows (its value is not "
                    "shown); the form of each is on https://appriseit.com/services/."
                )


def _apprise_teller(address: Secret) -> Callable[[NoticeWords], TargetAnswer]:
    return lambda words: tell_by_apprise(address, words)


def _sms_teller(number: str, send_sms: SendSms) -> Callable[[NoticeWords], TargetAnswer]:
    return lambda words: send_sms(number, words.short_text, words.key)


def tell_by_apprise(address: Secret, words: NoticeWords) -> TargetAnswer:
    """Tell one service; of apprise's log, which may hold the address, only the kind of trouble is kept."""
    import apprise

    with _captured_log() as lines:
        service = apprise.Apprise.instantiate(address.reveal())
        if service is None:
            return TargetAnswer("failed", "apprise knows no service of this address")
        sender = apprise.Apprise()
        sender.add(service)
        kind = apprise.NotifyType.FAILURE if words.is_critical else apprise.NotifyType.WARNING
        try:
            is_taken = bool(
                sender.notify(body=words.text, title=words.subject, notify_type=kind, body_format="text")
            )
        except Exception as error:  # a plugin of a service may fail in any way, and must not end the others
            return TargetAnswer(
                "unknown", f"it failed with {type(error).__name__}; whether it arrived is not known"
            )
    return TargetAnswer("delivered", "taken") if is_taken else judge_log("\n".join(lines))


_ANSWERED = re.compile(r"error=(\d{3})\b")
_NOT_REACHED = re.compile(
    r"Failed to establish a new connection|NameResolutionError|ConnectTimeout|Connection refused|"
    r"getaddrinfo failed|CERTIFICATE_VERIFY_FAILED|No route to host",
    re.IGNORECASE,
)
_GATEWAY = ("502", "504")
"""A gateway says so of a service behind it that may have taken the notice."""


def judge_log(log: str) -> TargetAnswer:
    """What apprise's log of a notice that was not taken means. Pure."""
    if answered := _ANSWERED.search(log):
        outcome: Outcome = "unknown" if answered[1] in _GATEWAY else "failed"
        return TargetAnswer(outcome, f"the service answered with HTTP {answered[1]}")
    if _NOT_REACHED.search(log):
        return TargetAnswer("failed", "the service cannot be reached")
    return TargetAnswer("unknown", "no clear answer; whether it arrived is not known")


@contextmanager
def _captured_log() -> Iterator[list[str]]:
    """What apprise logs, kept out of every log of ours: its lines hold the addresses."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    loggers = [logging.getLogger(name) for name in ("apprise", "urllib3", "requests")]
    before: list[tuple[Any, ...]] = [(each.level, each.propagate, each.handlers[:]) for each in loggers]
    for each in loggers:
        each.handlers, each.propagate = [], False
        each.setLevel(logging.CRITICAL)
    loggers[0].addHandler(Keep())
    loggers[0].setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        for each, (level, propagate, handlers) in zip(loggers, before, strict=True):
            each.handlers, each.propagate = handlers, propagate
            each.setLevel(level)


def _tell_by_mail(settings: Settings, words: NoticeWords) -> TargetAnswer:
    try:
        refused = send_text(settings, settings.alerts.mail_to, words.subject, words.text)
    except MailUncertain as error:
        return TargetAnswer("unknown", str(error))
    except WorkbenchError as error:
        return TargetAnswer("failed", _without_addresses(str(error), settings.alerts.mail_to))
    if refused:
        return TargetAnswer("delivered", f"refused: {', '.join(map(mask_mail, refused))}")
    return TargetAnswer("delivered", "taken")


def _without_addresses(text: str, addresses: tuple[str, ...]) -> str:
    for address in addresses:
        text = text.replace(address, mask_mail(address))
    return text

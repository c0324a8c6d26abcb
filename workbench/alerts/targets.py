"""Whom alerts tell: addresses of apprise, mail by `[smtp]`, and SMS through the account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from workbench.messaging.addresses import mask
from workbench.reports.mail import mail_settings
from workbench.settings import Secret, Settings
from workbench.targets.answers import NoticeWords, TargetAnswer
from workbench.targets.by_apprise import check_address, tell_by_apprise
from workbench.targets.by_mail import tell_by_mail

MAIL = "mail"
SMS = "sms "
"""Begins the names of targets that get SMS."""


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
        targets.append(Target(MAIL, lambda words: tell_by_mail(settings, alerts.mail_to, words)))
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
        check_address(address, f"[alert_targets] {name}")


def _apprise_teller(address: Secret) -> Callable[[NoticeWords], TargetAnswer]:
    return lambda words: tell_by_apprise(address, words)


def _sms_teller(number: str, send_sms: SendSms) -> Callable[[NoticeWords], TargetAnswer]:
    return lambda words: send_sms(number, words.short_text, words.key)

"""Tells one service by its address of apprise: Slack, Teams, webhooks. An address is a secret."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from workbench.errors import ConfigError
from workbench.lake.alerts import Outcome
from workbench.settings import Secret
from workbench.targets.answers import NoticeWords, TargetAnswer


def check_address(address: Secret, name: str) -> None:
    """Check that apprise knows a service of this form, without telling anybody.

    Args:
        name: where the address is written, for the error.

    Raises:
        ConfigError: it knows none.
    """
    import apprise

    with _captured_log():
        if apprise.Apprise.instantiate(address.reveal()) is None:
            raise ConfigError(
                f"{name} is no address of a service that apprise knows (its value is not "
                "shown); the form of each is on https://appriseit.com/services/."
            )


_OF_THIS_MACHINE = ("dbus", "gnome", "kde", "macosx", "qt", "glib", "syslog", "windows")


def names_a_host(address: Secret) -> bool:
    """Whether an address says which machine is asked, or tells this one; else the service has its own."""
    import apprise

    with _captured_log():
        service = apprise.Apprise.instantiate(address.reveal())
        schema = address.reveal().partition("://")[0].lower()
        return schema in _OF_THIS_MACHINE or any(
            "{host}" in each for each in getattr(service, "templates", ("{host}",))
        )


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

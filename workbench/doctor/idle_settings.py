"""Settings that are possible and mean nothing here: they depend on another one, or name what is not there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from workbench.doctor.check_result import CheckResult, fine, warning
from workbench.doctor.examination import Examination
from workbench.settings import Settings
from workbench.settings.values import SENDER_KINDS

_REPAIR = "Correct or remove it in workbench.toml; `workbench config show` shows what holds."


def check_idle_settings(examination: Examination) -> Iterator[CheckResult]:
    """Every setting that was made has something to act on."""
    senders = {
        sender
        for (sender,) in examination.lake.rows(
            "select sender from senders where removed_at is null "
            "union select distinct sender from message_facts where sender is not null"
        )
    }
    idle = [
        *without_effect(examination.settings, examination.now.date()),
        *unknown_senders(examination.settings, senders),
    ]
    for sentence in idle:
        yield warning(sentence, _REPAIR)
    if not idle:
        yield fine("Every setting has something to act on.")


def without_effect(settings: Settings, today: date) -> Iterator[str]:
    """A sentence for each setting that another one leaves without effect. Pure."""
    webhooks, access, retention = settings.webhooks, settings.access, settings.retention
    replies = [
        name
        for name in ("opt_out_reply", "opt_in_reply", "help_reply")
        if getattr(webhooks, name) is not None
    ]
    if replies and settings.public_url is None:
        yield f"[webhooks] {', '.join(replies)}: nobody gets it, because public_url is not set."
    if access.method != "oauth" and access.roles:
        yield f'[access.roles] counts with method = "oauth" only, and it is {access.method!r}.'
    if access.method != "oauth" and access.oauth.issuer:
        yield f'[access.oauth] counts with method = "oauth" only, and it is {access.method!r}.'
    if access.method == "none" and access.teams:
        yield "[access.teams] counts where people sign in only, and method is 'none'."
    if access.method == "none" and access.trusted_proxies:
        yield "[access] trusted_proxies counts where people sign in only, and method is 'none'."
    if settings.sync.since and date.fromisoformat(settings.sync.since) > today:
        yield f"[sync] since is {settings.sync.since}, which is still to come: nothing is read until then."
    if retention.bodies and settings.privacy.mode != "full":
        yield f"[retention] bodies: in privacy mode {settings.privacy.mode!r} no text is kept at all."
    kept = [retention.bodies, retention.messages, retention.alerts, retention.status_events]
    if any(kept) and settings.schedule.retention == "off":
        yield "[retention] removes nothing by itself, because [schedule] retention is off."


def unknown_senders(settings: Settings, senders: set[str]) -> Iterator[str]:
    """A sentence for each limit of a sender that the account does not have. Pure."""
    if not senders:
        return
    for section, limits in (("mps_limits", settings.mps_limits), ("daily_caps", settings.daily_caps)):
        for name in limits:
            if name not in SENDER_KINDS and name not in senders:
                yield f"[{section}] {name} is no sender of this account, and no message shows it."

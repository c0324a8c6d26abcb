"""Mails saved views that are due, each once for its period; the audit trail knows what went out.

Before a mail is handed over its claim is in the trail, and after it how it ended. A process that was killed
in between leaves a claim without an end: whether that mail arrived is not known, so it is not sent a second
time, and the list of subscriptions says so.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from workbench.errors import NotAllowed, WorkbenchError

if TYPE_CHECKING:
    from workbench.api.installation import Installation
    from workbench.lake.connect import Lake
    from workbench.views.saved_view import SavedView
    from workbench.views.subscription import Subscription

ACTION = "view-mail"
MailOutcome = Literal["begun", "sent", "failed", "unknown"]
_OVER = ("begun", "sent", "unknown")
"""How a mail ended, or did not, so that it is not sent again by itself."""


class ViewMailFailed(WorkbenchError):
    """A view could not be mailed; it stays due."""


@dataclass(frozen=True)
class MailState:
    """The last thing known of a subscription's mail for one period."""

    day: date
    outcome: MailOutcome


def read_mail_states(lake: Lake) -> dict[str, MailState]:
    """The latest mail of each subscription, from the audit trail."""
    rows = lake.rows(
        "select subject, detail from audit_events where action = $action order by seq", {"action": ACTION}
    )
    states: dict[str, MailState] = {}
    for subject, text in rows:
        detail = json.loads(text)
        states[subject] = MailState(date.fromisoformat(detail["day"]), detail["outcome"])
    return states


def local_today(installation: Installation, now: datetime | None = None) -> date:
    """Today in the time zone of the settings."""
    zone = ZoneInfo(installation.settings.timezone)
    return (now or datetime.now(UTC)).astimezone(zone).date()


def mail_due_views(
    installation: Installation,
    *,
    stop: threading.Event | None = None,
    now: datetime | None = None,
    on_claim: Callable[[Subscription], None] = lambda subscription: None,
) -> int:
    """Mail what is due; returns how many mails went out.

    Args:
        on_claim: is told of each mail after its claim is committed and before it is handed over.

    Raises:
        LakeBusy: another run is at it.
        ViewMailFailed: after the last one, if one failed; it stays due.
    """
    from workbench.lake.lock import only_one
    from workbench.views.subscription_files import read_subscriptions

    home = installation.settings.home
    subscriptions, failures = read_subscriptions(home)
    failed = list(failures)
    if not subscriptions and not failed:
        return 0
    sent = 0
    with only_one(home / "view-mails.lock", "run of the mails of views"):
        states, today = read_mail_states(installation.lake), local_today(installation, now)
        for subscription in subscriptions:
            day = subscription.due_day(today)
            state = states.get(subscription.name)
            is_over = state is not None and state.day == day and state.outcome in _OVER
            if day is None or is_over or (stop and stop.is_set()):
                continue
            try:
                _mail(installation, subscription, day, on_claim)
                sent += 1
            except WorkbenchError as error:
                failed.append(f"{subscription.name}: {error}")
    if failed:
        raise ViewMailFailed(f"{len(failed)} views could not be mailed. {failed[0]}")
    return sent


def _mail(
    installation: Installation,
    subscription: Subscription,
    day: date,
    on_claim: Callable[[Subscription], None],
) -> None:
    from workbench.api.view_mail import view_mail
    from workbench.api.view_numbers import view_numbers
    from workbench.reports.mail import MailUncertain, mail_settings, send_page

    mail_settings(installation.settings)
    view = _view_of(installation, subscription)
    page = view_mail(subscription, view_numbers(installation, view), day)
    _note(installation, subscription, day, "begun")
    on_claim(subscription)
    try:
        refused = send_page(installation.settings, subscription.to, page)
    except MailUncertain:
        _note(installation, subscription, day, "unknown")
        raise
    except WorkbenchError:
        _note(installation, subscription, day, "failed")
        raise
    _note(installation, subscription, day, "sent", refused)
    if refused:
        raise ViewMailFailed(f"the mail server refused {', '.join(refused)}; the others have it.")


def _view_of(installation: Installation, subscription: Subscription) -> SavedView:
    """The view, as the one who subscribed may see it today.

    Raises:
        NotAllowed: they are no user any more, or the view is private to somebody else.
    """
    from workbench.notifications.people import people
    from workbench.roles import Actor, acting_as
    from workbench.views.view_files import find_view

    kind, _, name = subscription.owner.partition(":")
    users = people(installation.settings, [name])
    if kind != "local" and name not in users:
        raise NotAllowed(f"{name}, who subscribed, is no user any more: delete the subscription.")
    actor = Actor(name, "admin", kind="local") if kind == "local" else users[name]
    with acting_as(actor):
        return find_view(installation.settings.home, subscription.view)


def _note(
    installation: Installation,
    subscription: Subscription,
    day: date,
    outcome: MailOutcome,
    refused: list[str] | None = None,
) -> None:
    from workbench.lake.audit import append_audit
    from workbench.reports.mail import mask_mail
    from workbench.roles import current_actor

    to = [mask_mail(address) for address in subscription.to if address not in (refused or [])]
    detail = {"view": subscription.view, "day": day.isoformat(), "outcome": outcome, "to": to}
    installation.lake.write(
        lambda cursor: append_audit(
            cursor, ACTION, actor=current_actor(), subject=subscription.name, detail=detail
        )
    )

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

from workbench.errors import NotAllowed, UnknownName, WorkbenchError

if TYPE_CHECKING:
    from workbench.api.installation import Installation
    from workbench.lake.connect import Lake
    from workbench.views.saved_view import SavedView
    from workbench.views.subscription import Subscription

ACTION = "view-mail"
MailOutcome = Literal["begun", "sent", "failed", "unknown", "not allowed", "no view"]
_OVER = ("begun", "sent", "unknown")
"""How a mail ended, or did not, so that it is not sent again by itself."""
_AGAIN = {
    "day": "It is tried again only if the reports run once more today: `workbench schedule run reports`.",
    "week": "The next run of the reports in this week tries it again.",
    "month": "The next run of the reports in this month tries it again.",
}
_MAYBE = "It may have arrived, so it is not sent again."


class ViewMailFailed(WorkbenchError):
    """A view could not be mailed; it stays due until its day, week or month is over."""


@dataclass(frozen=True)
class MailState:
    """The last thing known of a subscription's mail for one period."""

    day: date
    outcome: MailOutcome

    def ends(self, day: date) -> bool:
        """Whether nothing is mailed any more for the period that begins on a day.

        Nor for one before the last: in a time zone further west the day before can come once more.
        """
        return self.day > day or (self.day == day and self.outcome in _OVER)


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
        ViewMailFailed: after the last one, if one failed; it stays due until its period is over.
    """
    from workbench.views.subscription_files import read_subscriptions

    home = installation.settings.home
    subscriptions, failures = read_subscriptions(home)
    failed = list(failures)
    if not subscriptions and not failed:
        return 0
    sent = 0
    with installation.alone("view-mails", "run of the mails of views") as sole:
        states, now = read_mail_states(installation.lake), now or datetime.now(UTC)
        for subscription in subscriptions:
            if sole.is_lost() or (stop and stop.is_set()):
                break
            try:
                sent += _mail_if_due(installation, subscription, states.get(subscription.name), now, on_claim)
            except WorkbenchError as error:
                failed.append(f"{subscription.name}: {error}")
    if failed:
        raise ViewMailFailed(f"{len(failed)} views could not be mailed. {failed[0]}")
    return sent


def _mail_if_due(
    installation: Installation,
    subscription: Subscription,
    state: MailState | None,
    now: datetime,
    on_claim: Callable[[Subscription], None],
) -> bool:
    """Mail a view where it is due and was not mailed; whether a mail went out."""
    zone, refusal = installation.settings.timezone, None
    try:
        view = _view_of(installation, subscription)
        today = view.day_at(now, zone)
    except WorkbenchError as error:
        refusal, today = error, now.astimezone(ZoneInfo(zone)).date()
    day = subscription.due_day(today)
    if day is None or (state and state.ends(day)):
        return False
    if refusal:
        outcome = _refused_as(refusal)
        if outcome and state != MailState(day, outcome):
            _note(installation, subscription, day, outcome)
        raise refusal
    _mail(installation, subscription, view, day, on_claim)
    return True


def _refused_as(error: WorkbenchError) -> MailOutcome | None:
    if isinstance(error, NotAllowed):
        return "not allowed"
    return "no view" if isinstance(error, UnknownName) else None


def _mail(
    installation: Installation,
    subscription: Subscription,
    view: SavedView,
    day: date,
    on_claim: Callable[[Subscription], None],
) -> None:
    from workbench.api.view_mail import view_mail
    from workbench.api.view_numbers import view_numbers
    from workbench.reports.mail import MailUncertain, mail_settings, send_page

    mail_settings(installation.settings)
    page = view_mail(subscription, view_numbers(installation, view), day)
    _note(installation, subscription, day, "begun")
    on_claim(subscription)
    try:
        refused = send_page(installation.settings, subscription.to, page)
    except MailUncertain as error:
        _note(installation, subscription, day, "unknown")
        raise ViewMailFailed(f"{error} {_MAYBE}") from error
    except WorkbenchError as error:
        _note(installation, subscription, day, "failed")
        raise ViewMailFailed(f"{error} {_AGAIN[subscription.every]}") from error
    _note(installation, subscription, day, "sent", refused)
    if refused:
        raise ViewMailFailed(f"the mail server refused {', '.join(refused)}; the others have it.")


def _view_of(installation: Installation, subscription: Subscription) -> SavedView:
    """The view, if the one who subscribed may have it mailed today.

    Raises:
        NotAllowed: they are no user any more, or as :func:`view_to_mail`.
        UnknownName: the view was deleted, or is private to somebody else.
        ConfigError: the file of the view or of the users cannot be read.
    """
    from workbench.conversations.people import people
    from workbench.roles import Actor, acting_as
    from workbench.views.subscription_files import view_to_mail

    kind, _, name = subscription.owner.partition(":")
    users = people(installation.settings, [name])
    if kind != "local" and name not in users:
        raise NotAllowed(f"{name}, who subscribed, is no user any more: delete the subscription.")
    actor = Actor(name, "admin", kind="local") if kind == "local" else users[name]
    settings = installation.settings
    with acting_as(actor):
        return view_to_mail(settings.home, subscription.view, subscription.to, known=settings.smtp.to)


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

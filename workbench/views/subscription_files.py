"""Subscriptions in the home: ``subscriptions/NAME.toml``. Lists, makes and ends them, and says who may.

Whoever may send anything may have a view mailed to themselves; only an admin names other addresses than those
that ``[smtp] to`` has anyway.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from workbench.errors import ConfigError, NotAllowed, UnknownName, UsageError
from workbench.lake.fleet.shared_files import FileChanges, change_files
from workbench.own_files import SUBSCRIPTIONS, check_name, list_own_files, read_own_file
from workbench.roles import Actor, current_actor, current_user, require_role
from workbench.views.saved_view import SavedView
from workbench.views.subscription import (
    Subscription,
    checked_addresses,
    checked_every,
    read_subscription_text,
    subscription_text,
)
from workbench.views.view_files import find_view


def read_subscriptions(home: Path) -> tuple[tuple[Subscription, ...], tuple[str, ...]]:
    """All subscriptions, whoever asks, and what is wrong with files that are none: for who mails them."""
    subscriptions, problems = [], []
    for path in list_own_files(home, SUBSCRIPTIONS):
        try:
            check_name(SUBSCRIPTIONS, path.stem, shown=path)
            text = read_own_file(home, path)
            subscriptions.append(read_subscription_text(path.stem, text, str(path)))
        except (ConfigError, UsageError) as error:
            problems.append(str(error))
    return tuple(subscriptions), tuple(problems)


def list_subscriptions(home: Path) -> tuple[tuple[Subscription, ...], tuple[str, ...]]:
    """Those that the present user made; an admin sees all, and what is wrong with files.

    Raises:
        NotAllowed: sign-in is on and nobody is signed in.
    """
    person = require_role("viewer", "see subscriptions")
    subscriptions, problems = read_subscriptions(home)
    mine = tuple(each for each in subscriptions if _may_end(each, person))
    return mine, problems if person.may("admin") else ()


def view_to_mail(home: Path, view: str, addresses: Sequence[str], *, known: Collection[str]) -> SavedView:
    """The view, where the present user may have it mailed there: asked on subscribing and before each mail.

    Raises:
        UnknownName: there is no such view that the user may see.
        NotAllowed: it takes another role, an address is somebody else's and the user is no admin, or the view
            is private to somebody else, also if who is at this machine could read its file.
        ConfigError: the view's file cannot be read.
    """
    person = require_role("agent", "have a view mailed")
    others = [address for address in addresses if address != person.name and address not in known]
    if others and not person.may("admin"):
        raise NotAllowed(
            f"Only an admin may have a view mailed to {', '.join(others)}; you may to the address that you "
            "sign in with and to those of [smtp] to."
        )
    saved_view = find_view(home, view)
    if not saved_view.shared and saved_view.owner != person.name:
        raise NotAllowed(f"The view {view} is private to {saved_view.owner}: only they may have it mailed.")
    return saved_view


def subscribe(
    home: Path,
    view: str,
    every: str,
    to: Sequence[str],
    *,
    known: Collection[str],
    timezone: str,
    now: datetime | None = None,
) -> Subscription:
    """Mail a view from the next day, week or month on.

    Args:
        known: addresses that reports go to anyway.
        timezone: that of views that have none. The first mail is of a period that begins after today.

    Raises:
        UsageError: how often, or an address, is not possible.
        UnknownName, NotAllowed, ConfigError: as :func:`view_to_mail`.
    """
    every, addresses = checked_every(every), checked_addresses(to)
    today = view_to_mail(home, view, addresses, known=known).day_at(now or datetime.now(UTC), timezone)
    with _changing(home) as changes:
        taken = {path.stem for path in list_own_files(home, SUBSCRIPTIONS)}
        base = f"{view[:48]}-{every}"
        names = (base if number == 1 else f"{base}-{number}" for number in range(1, len(taken) + 2))
        name = next(name for name in names if name not in taken)
        subscription = Subscription(name, view, every, addresses, current_actor(), today)
        changes.write(_path(home, name), subscription_text(subscription))
    return subscription


def unsubscribe(home: Path, name: str) -> Subscription:
    """Mail it no more.

    Raises:
        UnknownName: there is no such subscription of this user.
    """
    require_role("viewer", "end a subscription")
    with _changing(home) as changes:
        subscriptions = {each.name: each for each in list_subscriptions(home)[0]}
        if name not in subscriptions:
            raise UnknownName("subscription", name, subscriptions)
        changes.remove(_path(home, name))
    return subscriptions[name]


def _may_end(subscription: Subscription, person: Actor) -> bool:
    return person.may("admin") or subscription.owner == current_user().actor


def _path(home: Path, name: str) -> Path:
    check_name(SUBSCRIPTIONS, name)
    return home / SUBSCRIPTIONS.name / f"{name}{SUBSCRIPTIONS.suffix}"


def _changing(home: Path) -> AbstractContextManager[FileChanges]:
    return change_files(home, "views.lock")

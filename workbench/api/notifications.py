"""``wb.notifications``: what a person is told of the inbox, on which way and when."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from workbench.api.namespace import Namespace
from workbench.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.lake import Lake
    from workbench.notifications.bell_session import BellSession
    from workbench.notifications.run import NotificationRun
    from workbench.settings import Settings


class Notifications(Namespace):
    """What a person is told of the inbox, on which way and when."""

    def show(self, person: str | None = None) -> pd.DataFrame:
        """Their choices: choice, value, and whether they chose it; then what did not arrive lately.

        Args:
            person: somebody else, for an admin. Default: you.

        Raises:
            UnknownName: nobody of this name signs in.
            NotAllowed: it is somebody else, and you are no admin.
        """
        from workbench.notifications.change import require_person

        return self._frame(require_person(self._settings, person, self._chosen()))

    def set(
        self,
        person: str | None = None,
        *,
        messages: str | None = None,
        assigned: bool | None = None,
        mentions: bool | None = None,
        browser: bool | None = None,
        mail: str | None = None,
        mail_to: str | None = None,
        apprise: str | None = None,
        apprise_address: str | None = None,
        quiet: str | None = None,
        timezone: str | None = None,
        urgent: str | None = None,
        outside: str | None = None,
    ) -> pd.DataFrame:
        """Change some of their choices, and show them all. ``default`` takes a choice back.

        Args:
            person: somebody else, for an admin. Default: you.
            messages: of which conversations: ``mine``, ``mine-and-unassigned``, ``all``, ``off``.
            assigned: whether they are told that a conversation was given to them.
            mentions: whether they are told that a private note names them, as ``@ana``.
            browser: whether open pages show notifications.
            mail: how soon by mail: ``now``, ``15m``, ``1h``, a time of day as ``08:00``, ``off``.
            mail_to: their mail address.
            apprise: how soon at their address of apprise; as ``mail``.
            apprise_address: that address, a secret; an empty text removes it.
            quiet: when nothing is told, as ``22:00-07:00, Sat-Sun 00:00-24:00``; an empty text for never.
            timezone: the time zone of their quiet times and times of day.
            urgent: what is told in quiet times too, as ``assigned, mention``; an empty text for nothing.
            outside: what a notice says outside of the pages: ``masked``, ``nothing``, ``text``.

        Raises:
            UnknownName: nobody of this name signs in.
            NotAllowed: it is somebody else, and you are no admin.
            UsageError: nothing to change, or a value is not possible.
        """
        from workbench.notifications.change import change_address, change_choice, require_person

        name = require_person(self._settings, person, self._chosen())
        given = {
            "messages": messages, "assigned": assigned, "mentions": mentions, "browser": browser,
            "mail": mail, "mail_to": mail_to, "apprise": apprise,
            "quiet": _listed(quiet), "timezone": timezone, "urgent": _listed(urgent), "outside": outside,
        }  # fmt: skip
        changes = {choice: value for choice, value in given.items() if value is not None}
        if not changes and apprise_address is None:
            raise UsageError(f"Nothing to change: give at least one of {', '.join(given)}, apprise_address.")
        if changes:
            change_choice(self._installation.lake, self._settings, name, changes)
        if apprise_address is not None:
            change_address(self._installation.lake, self._settings, name, apprise_address)
        return self._frame(name)

    def test(self, person: str | None = None) -> pd.DataFrame:
        """Send a test notice on each way that is on, and say what it answered: way, outcome, detail.

        Args:
            person: somebody else, for an admin. Default: you.

        Raises:
            UsageError: neither mail nor apprise is on.
        """
        import pandas as pd

        from workbench.notifications.change import require_person
        from workbench.notifications.deliver import tell_test

        name = require_person(self._settings, person, self._chosen())
        answers = tell_test(self._installation.lake, self._settings, name, datetime.now(UTC))
        if not answers:
            raise UsageError(
                f"Neither mail nor apprise is on for {name}: `workbench notifications set --mail now "
                "--mail-to ann@example.com`."
            )
        rows = [(way, answer.outcome, answer.detail) for way, answer in answers.items()]
        return pd.DataFrame(rows, columns=["way", "outcome", "detail"])

    def run(self) -> NotificationRun:
        """Look once for what is new, and tell what is due; `workbench serve` does it by itself."""
        from workbench.lake.feed import append_feed
        from workbench.notifications.run import look

        lake, now = self._installation.lake, datetime.now(UTC)
        append_feed(lake, now)
        return look(lake, self._settings, now)

    @property
    def _settings(self) -> Settings:
        return self._installation.settings

    def _chosen(self) -> Any:
        from workbench.lake.notifications import read_choices

        return read_choices(self._installation.lake)

    def _frame(self, person: str) -> pd.DataFrame:
        import pandas as pd

        from workbench.lake.notifications import read_undelivered
        from workbench.notifications.addresses import read_addresses
        from workbench.notifications.choices import CHOICES, choice_of

        chosen = self._chosen().get(person, {})
        choice = choice_of(self._settings, person, chosen)
        rows = [(name, _shown(getattr(choice, name)), name in chosen) for name in CHOICES]
        has_address = person in read_addresses(self._settings.home)
        rows.append(("apprise_address", "set" if has_address else "none", has_address))
        rows += [
            (f"did not arrive ({each.way})", f"{each.claimed_at:%Y-%m-%d %H:%M} UTC: {each.detail}", False)
            for each in read_undelivered(self._installation.lake, datetime.now(UTC), person)[:3]
        ]
        return pd.DataFrame(rows, columns=["choice", "value", "chosen"])


def _listed(text: str | None) -> list[str] | str | None:
    """Several texts with commas between them."""
    if text is None or text == "default":
        return text
    return [part.strip() for part in text.split(",") if part.strip()]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def open_bell(settings: Settings, lake: Lake, lock: AbstractContextManager[Any]) -> BellSession:
    """Who answers the bell of one page; see :func:`workbench.ui.bell.use_bell`."""
    from workbench.notifications.bell_session import BellSession

    return BellSession(lake, settings, lock)

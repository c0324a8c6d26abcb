"""``wb.views``: saved views of the page Explore."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from workbench.api.namespace import Namespace

if TYPE_CHECKING:
    import pandas as pd

    from workbench.views.saved_view import SavedView
    from workbench.views.subscription import Subscription

_COLUMNS = ["name", "title", "folder", "owner", "shared", "link"]
_SUBSCRIPTION_COLUMNS = ["name", "view", "every", "to", "owner", "last_mail", "outcome"]


class Views(Namespace):
    """Saved views of the page Explore: the files ``views/NAME.toml`` of the home."""

    def list(self) -> pd.DataFrame:
        """The views that you may see: name, title, folder, owner, shared, link.

        Returns:
            One row each; ``frame.attrs["problems"]`` says which files cannot be read.
        """
        import pandas as pd

        from workbench.views.view_files import list_views

        listed = list_views(self._installation.settings.home)
        rows = [
            (view.name, view.title, view.folder, view.owner, view.shared, f"explore{view.query}")
            for view in listed.views
        ]
        frame = pd.DataFrame(rows, columns=_COLUMNS)
        frame.attrs["problems"] = listed.problems
        return frame

    def show(self, name: str) -> pd.DataFrame:
        """The numbers of a view as they are now, with the columns of ``wb.explore``.

        Returns:
            Our numbers masked as on the page; ``frame.attrs`` has the title, the period, and in `problems`
            what in the view is not possible and was left out.

        Raises:
            UnknownName: there is no such view that you may see.
            NothingKnown: no message log was read yet.
        """
        from workbench.api.view_numbers import view_numbers
        from workbench.views.view_files import find_view

        view = find_view(self._installation.settings.home, name)
        self._installation.require_log()
        return view_numbers(self._installation, view).frame

    def save(
        self, link: str, *, title: str, name: str | None = None, folder: str = "", shared: bool = False
    ) -> SavedView:
        """Keep the question of an address of Explore; of a name that there is, the question is replaced.

        Args:
            link: the address, as ``explore?metric=undelivered_rate&by=country&grain=week``.
            title: as lists show it.
            name: of the file; by default it follows from the title.
            folder: under which lists show it.
            shared: everybody who signs in sees it; else you alone.

        Raises:
            UsageError: it is the address of another page, or a text is not possible.
            NotAllowed: the view of this name is somebody else's.
        """
        from workbench.views.saved_view import read_link
        from workbench.views.view_files import save_view

        return save_view(
            self._installation.settings.home,
            read_link(link),
            title=title,
            name=name,
            folder=folder,
            shared=shared,
        )

    def edit(
        self,
        name: str,
        *,
        title: str | None = None,
        folder: str | None = None,
        shared: bool | None = None,
    ) -> SavedView:
        """Give a view another title or folder, share it, or make it private; its name stays.

        Raises:
            UnknownName: there is no such view.
            NotAllowed: it is somebody else's.
        """
        from workbench.views.view_files import edit_view

        return edit_view(self._installation.settings.home, name, title=title, folder=folder, shared=shared)

    def delete(self, name: str) -> SavedView:
        """Take a view out of the list; ``wb.views.restore`` puts it back.

        Raises:
            UnknownName: there is no such view.
            NotAllowed: it is somebody else's.
        """
        from workbench.views.view_files import delete_view

        return delete_view(self._installation.settings.home, name)

    def restore(self, name: str) -> SavedView:
        """Put back a view that was deleted.

        Raises:
            UnknownName: no view of this name was deleted.
            UsageError: there is one of this name again.
        """
        from workbench.views.view_files import restore_view

        return restore_view(self._installation.settings.home, name)

    def subscribe(self, name: str, *, every: str, to: str | Iterable[str]) -> Subscription:
        """Mail a view from the next day, week (from Monday) or month on, with its picture and numbers.

        `workbench serve` sends it with the reports; without it `workbench schedule run reports` does.

        Args:
            name: of the view.
            every: day, week or month.
            to: addresses; only an admin names other ones than their own and those of ``[smtp] to``.

        Raises:
            UnknownName: there is no such view that you may see.
            UsageError: how often, or an address, is not possible.
            NotAllowed: an address is somebody else's and you are no admin, or the view is private to
                somebody else.
            ConfigError: there is no mail server in ``[smtp]``.
        """
        from workbench.reports.mail import mail_settings
        from workbench.views.subscription_files import subscribe

        settings = self._installation.settings
        known = mail_settings(settings).to
        addresses = [to] if isinstance(to, str) else list(to)
        return subscribe(settings.home, name, every, addresses, known=known, timezone=settings.timezone)

    def unsubscribe(self, name: str) -> Subscription:
        """Mail it no more.

        Args:
            name: of the subscription, as ``wb.views.subscriptions()`` lists it.

        Raises:
            UnknownName: you have no such subscription.
        """
        from workbench.views.subscription_files import unsubscribe

        return unsubscribe(self._installation.settings.home, name)

    def subscriptions(self) -> pd.DataFrame:
        """Views that are mailed: name, view, every, to, owner, and how the last mail ended.

        Returns:
            Yours; an admin sees all. `last_mail` is the first day of its period, `outcome` is sent, failed
            (each run in the same day, week or month tries it again), unknown (it may have arrived; it is
            not sent again), not allowed (who subscribed may not have it mailed any more), or no view (it was
            deleted, or is private to somebody else now).
            ``frame.attrs["problems"]`` says which files cannot be read.
        """
        import pandas as pd

        from workbench.api.view_mails import read_mail_states
        from workbench.errors import NothingKnown
        from workbench.views.subscription_files import list_subscriptions

        listed, problems = list_subscriptions(self._installation.settings.home)
        try:
            states = read_mail_states(self._installation.reader)
        except NothingKnown:
            states = {}
        rows = []
        for each in listed:
            state = states.get(each.name)
            outcome = None if state is None else "unknown" if state.outcome == "begun" else state.outcome
            last = None if state is None else state.day
            rows.append((each.name, each.view, each.every, ", ".join(each.to), each.owner, last, outcome))
        frame = pd.DataFrame(rows, columns=_SUBSCRIPTION_COLUMNS)
        frame.attrs["problems"] = problems
        return frame

"""``wb.views``: saved views of the page Explore."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.api.namespace import Namespace

if TYPE_CHECKING:
    import pandas as pd

    from workbench.views.saved_view import SavedView

_COLUMNS = ["name", "title", "folder", "owner", "shared", "link"]


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

"""The notebook API of contacts: who they are, what is said about them, files in and out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.api.base import Opened

if TYPE_CHECKING:
    import pandas as pd

    from workbench.conversations.contacts import ContactChange


class ContactCalls(Opened):
    """Who the contacts are, what is said about them, files in and out."""

    def contacts(self, search: str = "", *, limit: int = 1000) -> pd.DataFrame:
        """Everybody who wrote or was written to, addresses masked, the latest first.

        Args:
            search: part of a name, a label or a number.
            limit: at most this many; ``frame.attrs["total"]`` says how many there are.
        """
        import pandas as pd

        from workbench.conversations.contacts import search_contacts
        from workbench.messaging.addresses import mask

        found, total = search_contacts(self.lake, search, limit)
        rows = [
            {
                "contact": mask(one.address),
                "name": one.name,
                "labels": ", ".join(one.labels),
                "language": one.language,
                "time_zone": one.zones[0] if len(one.zones) == 1 else None,
                "country": one.country,
                "consent": one.consent,
                "received": one.received,
                "sent": one.sent,
                "last_at": one.last_at,
                "same_as": mask(one.person) if one.is_merged else None,
            }
            for one in found
        ]
        frame = pd.DataFrame(rows, columns=_COLUMNS)
        frame.attrs["total"] = total
        return frame

    def edit_contact(self, number: str, **values: str | None) -> str | None:
        """Say something about a contact: name, labels (with commas), language, time_zone; None takes it back.

        Returns the id of the change, for :meth:`undo_contact_change`; None where nothing changes.
        """
        from workbench.conversations.contacts import plan_edit, read_contact, save_changes

        contact = read_contact(self.lake, self._kept_contact(number))
        return save_changes(self.lake, plan_edit(contact, values), self._contact_actor, "contact-edit")

    def merge_contacts(self, number: str, into: str) -> str | None:
        """Make two numbers one person, with the name and labels of the second. It can be undone."""
        from workbench.conversations.contacts import plan_merge, save_changes

        changes = plan_merge(self.lake, self._kept_contact(number), self._kept_contact(into))
        return save_changes(self.lake, changes, self._contact_actor, "contact-merge")

    def contact_changes(self, limit: int = 50) -> pd.DataFrame:
        """The latest edits, merges and imports, each with the id that undoes it."""
        return self.lake.frame(
            "select change_id, min(happened_at) as happened_at, min(actor) as actor, "
            "count(distinct address) as contacts, string_agg(distinct field, ', ' order by field) as fields "
            "from contact_events group by change_id order by happened_at desc limit ?",
            [limit],
        )

    def undo_contact_change(self, change_id: str) -> int:
        """Take back an edit, a merge or an import; how many fields became what they were.

        Raises:
            UsageError: no such change, or something of it was changed again since.
        """
        from workbench.conversations.contacts import undo_change

        return len(undo_change(self.lake, change_id, self._contact_actor))

    def import_contacts(
        self,
        path: Path | str,
        *,
        confirm: bool = False,
        default_country: str | None = None,
        address_column: str | None = None,
    ) -> pd.DataFrame:
        """Read names and the like from CSV or XLSX; without ``confirm=True`` only show what would change.

        Args:
            path: a CSV or XLSX file, or ``-`` for stdin, with the column `address` (or phone, mobile …) and
                any of name, labels, language, time_zone. A missing column is left alone, an empty cell takes
                back what was said.
            default_country: where numbers without a country code are, as US; by default that of
                ``[sending]``.
            address_column: the column of the numbers, where several can be it.

        Returns one row per change: contact (masked), field, before, after. ``frame.attrs`` has `rows`,
        `problems` (line, reason) and `change_id` (None while nothing was written).

        Raises:
            UsageError: the file is no such table; or with ``confirm``, one of its lines is wrong: then
                nothing is written.
        """
        from workbench.conversations.contact_files import plan_import
        from workbench.conversations.contacts import save_changes

        context = self._number_context(default_country)
        plan = plan_import(self.lake, path, context, address_column, self._contact_privacy())
        frame = _changes_frame(plan.changes)
        frame.attrs.update(rows=plan.rows, problems=list(plan.problems), change_id=None)
        if confirm:
            plan.require_clean()
            frame.attrs["change_id"] = save_changes(
                self.lake, plan.changes, self._contact_actor, "contact-import"
            )
        return frame

    def export_contacts(self, path: Path | str) -> int:
        """Write every contact to a CSV file, with whole numbers; that it was done is kept in the audit trail.

        Returns how many.
        """
        from workbench.conversations.contact_files import export_contacts

        return export_contacts(self.lake, Path(path), self._contact_actor)

    def _kept_contact(self, number: str) -> str:
        """The contact of a number that somebody typed, as this lake keeps it."""
        from workbench.messaging.address_reader import read_address

        address = read_address(number, self._number_context())
        return self._contact_privacy().contact(address) or address

    @property
    def _contact_actor(self) -> str:
        from workbench.roles import current_actor

        return current_actor()


def _changes_frame(changes: Sequence[ContactChange]) -> pd.DataFrame:
    import pandas as pd

    from workbench.messaging.addresses import mask

    rows = [
        {"contact": mask(one.address), "field": one.field, "before": one.before, "after": one.after}
        for one in changes
    ]
    return pd.DataFrame(rows, columns=["contact", "field", "before", "after"])


_COLUMNS = [
    "contact", "name", "labels", "language", "time_zone", "country", "consent", "received", "sent", "last_at",
    "same_as",
]  # fmt: skip

"""``wb.contacts``: who the contacts are, what is said about them, files in and out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.api.namespace import Namespace

if TYPE_CHECKING:
    import pandas as pd

    from workbench.api.installation import Installation
    from workbench.conversations.contacts import Contact, ContactChange


class Contacts(Namespace):
    """Who the contacts are, what is said about them, files in and out."""

    def list(self, *, search: str = "", limit: int = 50) -> pd.DataFrame:
        """Everybody who wrote or was written to, addresses masked, the latest first.

        Args:
            search: part of a name or a label; a number whole, or the digits of it that are shown.
            limit: at most this many; ``frame.attrs["total"]`` says how many there are.
        """
        import pandas as pd

        from workbench.conversations.contacts import search_contacts

        lake = self._installation.lake
        number = look_up_searched(self._installation, search)
        contacts, total = search_contacts(lake, search, limit, number=number)
        rows = [{**contact_line(contact), "labels": ", ".join(contact.labels)} for contact in contacts]
        if not rows:
            self._installation.require_log()
        frame = pd.DataFrame(rows, columns=_COLUMNS)
        frame.attrs["total"] = total
        return frame

    def edit(
        self,
        number: str,
        *,
        name: str | None = None,
        labels: str | None = None,
        language: str | None = None,
        timezone: str | None = None,
    ) -> str | None:
        """Say something about a contact; what is not given stays, an empty text takes it back.

        Args:
            name: what to call them.
            labels: with commas between.
            language: a tag such as en or pt-BR.
            timezone: such as America/Chicago, instead of the number's.

        Returns:
            The id of the change, for :meth:`undo`; None where nothing changes.

        Raises:
            UsageError: a value that a field cannot have.
        """
        installation = self._installation
        installation.begin_lake()
        given = {"name": name, "labels": labels, "language": language, "time_zone": timezone}
        return edit_contact(installation, installation.kept_contact(number), given)

    def merge(self, number: str, into: str) -> str | None:
        """Make two numbers one person, with the name and labels of the second; the id of the change."""
        from workbench.conversations.contacts import plan_merge, save_changes

        installation = self._installation
        lake = installation.begin_lake()
        changes = plan_merge(lake, installation.kept_contact(number), installation.kept_contact(into))
        return save_changes(lake, changes, installation.actor, "contact-merge")

    def changes(self, *, limit: int = 50) -> pd.DataFrame:
        """The latest edits, merges and imports, each with the id that undoes it."""
        return self._installation.lake.frame(
            "select change_id, min(happened_at) as happened_at, min(actor) as actor, "
            "count(distinct address) as contacts, string_agg(distinct field, ', ' order by field) as fields "
            "from contact_events group by change_id order by happened_at desc limit ?",
            [limit],
        )

    def undo(self, change_id: str) -> int:
        """Take back an edit, a merge or an import; how many fields became what they were.

        Raises:
            UsageError: no such change, or something of it was changed again since.
        """
        from workbench.conversations.contacts import undo_change

        return len(undo_change(self._installation.lake, change_id, self._installation.actor))

    def import_file(
        self,
        file: Path | str,
        *,
        country: str | None = None,
        address_column: str | None = None,
        confirm: bool = False,
    ) -> pd.DataFrame:
        """Read names and the like from a file; without ``confirm=True`` only show what would change.

        Args:
            file: CSV, XLSX or JSON, or ``-`` for stdin, with the column `address` (or phone, mobile …) and
                any of name, labels, language, time_zone. A missing column is left alone, an empty cell takes
                back what was said.
            country: where numbers without a country code are, as US; by default that of ``[sending]``.
            address_column: the column of the numbers, where several can be it.

        Returns:
            One row per change: contact (masked), field, before, after. ``frame.attrs`` has `rows`,
            `problems` (line, reason) and `change_id` (None while nothing was written).

        Raises:
            UsageError: the file is no such table; or with ``confirm``, one of its lines is wrong: then
                nothing is written.
        """
        from workbench.conversations.contact_files import plan_import
        from workbench.conversations.contacts import save_changes

        installation = self._installation
        lake = installation.begin_lake()
        context, privacy = installation.number_context(country), installation.contact_privacy()
        plan = plan_import(lake, file, context, address_column, privacy)
        frame = _changes_frame(plan.changes)
        frame.attrs.update(rows=plan.rows, problems=[*plan.problems], change_id=None)
        if confirm:
            plan.require_clean()
            frame.attrs["change_id"] = save_changes(lake, plan.changes, installation.actor, "contact-import")
        return frame

    def export(self, out: Path | str) -> int:
        """Write every contact to a CSV file, with whole numbers, audited; how many."""
        from workbench.conversations.contact_files import export_contacts

        lake = self._installation.lake
        if not lake.rows("select 1 from contacts limit 1"):
            self._installation.require_log()
        return export_contacts(lake, Path(out), self._installation.actor)


def look_up_searched(installation: Installation, search: str) -> str | None:
    """The whole number that somebody searches contacts for; the look-up is in the audit trail."""
    from workbench.lake.number_lookups import look_up_number

    country = installation.settings.sending.default_country
    return look_up_number(installation.lake, search, "contacts", country)


def contact_line(contact: Contact) -> dict[str, Any]:
    """One contact of a list, with its numbers masked."""
    from workbench.messaging.addresses import mask

    return {
        "contact": mask(contact.address),
        "name": contact.name,
        "labels": list(contact.labels),
        "language": contact.language,
        "time_zone": contact.zones[0] if len(contact.zones) == 1 else None,
        "country": contact.country,
        "consent": contact.consent,
        "received": contact.received,
        "sent": contact.sent,
        "last_at": contact.last_at,
        "same_as": mask(contact.person) if contact.is_merged else None,
    }


def edit_contact(
    installation: Installation, address: str, given: Mapping[str, str | None], change_id: str | None = None
) -> str | None:
    """Set fields of a contact, see :meth:`Contacts.edit`; None in ``given`` leaves a field as it is.

    Args:
        address: as this lake keeps it.
        change_id: one that is not used yet; by default a new one.
    """
    from workbench.conversations.contacts import plan_edit, read_contact, save_changes

    contact = read_contact(installation.lake, address)
    changes = plan_edit(contact, {field: text for field, text in given.items() if text is not None})
    return save_changes(installation.lake, changes, installation.actor, "contact-edit", change_id)


def _changes_frame(changes: Sequence[ContactChange]) -> pd.DataFrame:
    import pandas as pd

    from workbench.messaging.addresses import mask

    rows = [
        {
            "contact": mask(change.address),
            "field": change.field,
            "before": change.before,
            "after": change.after,
        }
        for change in changes
    ]
    return pd.DataFrame(rows, columns=["contact", "field", "before", "after"])


_COLUMNS = [
    "contact", "name", "labels", "language", "time_zone", "country", "consent", "received", "sent", "last_at",
    "same_as",
]  # fmt: skip

"""``wb.consent``: who agreed to be messaged, and who asked not to be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from workbench.api.frames import mask_contacts
from workbench.api.namespace import Namespace
from workbench.errors import UsageError
from workbench.roles import require_role

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from workbench.api.installation import Installation
    from workbench.compliance.consent_files import ConsentFile
    from workbench.compliance.consent_push import ConsentPush
    from workbench.compliance.do_not_contact import RemovedBlock
    from workbench.compliance.recorded_consent import RecordedConsent
    from workbench.compliance.revocations import RevocationDecision
    from workbench.lake.connect import Readable

_REMOVING = "take somebody off the do-not-contact list"
REVOCATION_STATES = ("waiting", "opt-out", "not-opt-out", "all")


class Consent(Namespace):
    """What people said about being messaged: the ledger, by person, from files and as a file."""

    def blocked(self) -> pd.DataFrame:
        """Everybody who must not be messaged, numbers masked: contact, scope, source, since."""
        return blocked_frame(self._installation, self._installation.reader)

    @overload
    def show(self, address: str, *, out: None = None) -> dict[str, Any]: ...

    @overload
    def show(self, address: str, *, out: Path | str) -> list[Path]: ...

    def show(self, address: str, *, out: Path | str | None = None) -> dict[str, Any] | list[Path]:
        """What one person said about being messaged: the state by scope, and every event.

        Args:
            out: a folder: the record is written there as HTML and JSON, to hand over; that is audited.

        Returns:
            The record; with `out` the paths of its files.
        """
        from workbench.api.records import write_audited
        from workbench.compliance.records import is_empty, read_consent_record

        person = self._installation.data_subject(address)
        record = read_consent_record(self._installation.reader, person)
        if is_empty(record):
            self._installation.require_log()
        return record if out is None else write_audited(self._installation, record, person, out, "consent")

    def import_file(
        self,
        file: Path | str,
        *,
        scope: str | None = None,
        country: str | None = None,
        timezone: str | None = None,
        address_column: str | None = None,
        confirm: bool = False,
    ) -> tuple[ConsentFile, int | None]:
        """Read a file of opt-ins and opt-outs; with ``confirm`` add it to the ledger.

        Args:
            file: CSV, XLSX or JSON, or ``-`` for stdin.
            scope: of lines that name none: ``*`` for everything, a sender, a messaging service, topic:NAME.
            country: of numbers without a country code, as US; by default as ``[sending]`` says.
            timezone: of dates that name none.
            address_column: the column of the numbers, where several can be it.

        Returns:
            What the file says, rejects included; and how many events were new, None without ``confirm``.
        """
        from zoneinfo import ZoneInfo

        from workbench.compliance.consent_files import (
            ConsentDefaults,
            check_scope,
            read_consent_file,
            save_consent_file,
        )
        from workbench.settings import check_timezone

        installation = self._installation
        lake = installation.begin_lake()
        actor, numbers = installation.actor, installation.number_context(country)
        defaults = ConsentDefaults(
            account_sid=installation.settings.credentials.account_sid,
            scope=check_scope(scope, numbers) if scope else None,
            country=numbers.country,
            sender_countries=numbers.sender_countries,
            zone=ZoneInfo(check_timezone(timezone)) if timezone else None,
            actor=actor,
        )
        told = read_consent_file(file, defaults, installation.privacy(), address_column)
        return told, save_consent_file(lake, told, actor) if confirm else None

    def export(self, out: Path | str) -> int:
        """Write the whole ledger as CSV, numbers as they are, audited; how many events."""
        from workbench.compliance.consent_files import write_ledger

        lake = self._installation.lake
        if not lake.rows("select 1 from consent_events limit 1"):
            self._installation.require_log()
        return write_ledger(lake, Path(out), self._installation.actor)

    def push(self, *, confirm: bool = False) -> ConsentPush:
        """Tell Twilio's Consent API what it was not told yet; without ``confirm`` only say what that is."""
        from workbench.compliance.consent_push import plan_push, push_consent
        from workbench.sync.shared.cancellation import Cancellation

        installation = self._installation
        if not confirm:
            return plan_push(installation.reader, installation.settings.credentials.account_sid)
        with installation.twilio_client(Cancellation()) as client:
            return push_consent(installation.lake, client, installation.actor)

    def revocations(
        self, state: Literal["waiting", "opt-out", "not-opt-out", "all"] = "waiting"
    ) -> pd.DataFrame:
        """Messages that may ask in free words to be left alone, those due first; contacts masked.

        Args:
            state: waiting (nobody has decided), opt-out or not-opt-out (so decided), or all.
        """
        from workbench.compliance.revocations import read_queue

        if state not in REVOCATION_STATES:
            raise UsageError(f"state is {state!r}; allowed are {', '.join(REVOCATION_STATES)}.")
        self._installation.require_log()
        self._installation.prepare_audits()
        return mask_contacts(read_queue(self._installation.reader, None if state == "all" else state))

    def decide(
        self,
        message_sid: str,
        decision: Literal["opt-out", "not-opt-out"],
        *,
        scope: str | None = None,
        note: str | None = None,
    ) -> RevocationDecision:
        """Write down what a message means, with who says so and when; audited.

        Args:
            decision: ``opt-out`` or ``not-opt-out``.
            scope: what an opt-out reaches; by default the sender or service written to, ``*`` is all.
            note: why, for whoever asks later.
        """
        return decide_here(self._installation, message_sid, decision, scope=scope, note=note)

    def undo(self, message_sid: str, *, decision_id: str | None = None) -> RevocationDecision:
        """Undo the last decision on a message: the one before it holds again, or it waits again; audited.

        An opt-out that was decided ends now, without an opt-in in its place. An undo is not undone itself:
        decide anew.

        Args:
            decision_id: the decision that is meant, of :meth:`revocations` or :meth:`decide`; refused if
                somebody decided since. By default the last one.

        Raises:
            UsageError: nobody has decided on it, somebody decided since, or the last decision is an undo.
        """
        from workbench.compliance.revocations import undo

        require_role("agent", "undo a decision on an opt-out request")
        installation = self._installation
        return undo(installation.lake, message_sid, actor=installation.actor, decision_id=decision_id)

    def record(
        self,
        address: str,
        kind: Literal["opt-in", "opt-out"],
        *,
        source: str,
        scope: str = "*",
        date: str | None = None,
        timezone: str | None = None,
        evidence: str | None = None,
        wording_version: str | None = None,
        country: str | None = None,
    ) -> RecordedConsent:
        """Write down one opt-in or opt-out, with its evidence; audited. An opt-out holds from now on.

        Args:
            kind: ``opt-in`` or ``opt-out``.
            source: where they said it, as web form, phone call, paper form.
            scope: ``*`` for everything, a sender, a messaging service, topic:NAME.
            date: when they said it, as 2026-03-01T09:30; an opt-in needs it, an opt-out counts from now.
            timezone: of a date that names none; by default that of the settings.
            evidence: what proves it: a text, or where the file or the recording is.
            wording_version: which text they agreed to.
            country: of a number without a country code, as US; by default as ``[sending]`` says.

        Raises:
            UsageError: a value cannot be used; the message says what is allowed.
        """
        record = {
            "address": address, "kind": kind, "scope": scope, "source": source, "date": date or "",
            "evidence": evidence or "", "wording_version": wording_version or "",
        }  # fmt: skip
        return record_here(self._installation, record, "by hand", country=country, timezone=timezone)

    def remove(
        self, address: str, *, because: str, scope: str = "*", confirm: bool = False
    ) -> RemovedBlock | None:
        """Take one entry off the do-not-contact list; without ``confirm`` only see that it is there. Audited.

        Nobody counts as opted in by it. Who opted out themself stays on the list until they opt in.

        Args:
            because: why, for whoever asks later.
            scope: the entry's, as :meth:`blocked` gives it.

        Returns:
            What was removed, with the scopes in which the person is blocked still; None without ``confirm``.

        Raises:
            UsageError: they are not on the list in this scope, or said it themself.
        """
        from workbench.compliance.do_not_contact import find_entry, remove_person

        require_role("admin", _REMOVING)
        installation = self._installation
        contacts = installation.data_subject(address).contacts
        if not confirm:
            with installation.lake.cursor() as cursor:
                find_entry(cursor, contacts, scope)
            return None
        return remove_person(installation.lake, contacts, scope, because, actor=installation.actor)


def blocked_frame(installation: Installation, lake: Readable) -> pd.DataFrame:
    """See :meth:`Consent.blocked`, as of one version of the lake."""
    frame = lake.frame(
        "select address as contact, scope, source, since from suppressions "
        "order by since desc, address, scope"
    )
    if frame.empty:
        installation.require_log()
    return mask_contacts(frame)


def decide_here(
    installation: Installation,
    message_sid: str,
    decision: str,
    *,
    scope: str | None,
    note: str | None,
    seen: str | None = None,
) -> RevocationDecision:
    """See :meth:`Consent.decide`; with `seen`, the id of the decision that a page showed, empty for none.

    Raises:
        NotAllowed: the user's role does not permit it.
        UsageError: somebody decided since.
    """
    from workbench.compliance.consent_files import check_scope
    from workbench.compliance.revocations import decide

    require_role("agent", "decide on an opt-out request")
    actor = installation.actor
    checked = check_scope(scope, installation.number_context()) if scope else None
    return decide(installation.lake, message_sid, decision, actor=actor, scope=checked, note=note, seen=seen)


def remove_entry_here(installation: Installation, event_id: str, because: str) -> RemovedBlock:
    """See :meth:`Consent.remove`, by the entry's id: where it was chosen from the list, no number is known.

    Raises:
        NotAllowed: the user's role does not permit it.
        UsageError: as :meth:`Consent.remove`.
    """
    from workbench.compliance.do_not_contact import remove_entry

    require_role("admin", _REMOVING)
    return remove_entry(installation.lake, event_id, because, actor=installation.actor)


def record_here(
    installation: Installation,
    record: Mapping[str, str],
    way: str,
    *,
    country: str | None = None,
    timezone: str | None = None,
) -> RecordedConsent:
    """See :meth:`Consent.record`: from the columns of a file's line, by the way that it came.

    Raises:
        NotAllowed: the user's role does not permit it.
        UsageError: a value cannot be used.
    """
    from zoneinfo import ZoneInfo

    from workbench.compliance.consent_files import ConsentDefaults, check_scope
    from workbench.compliance.recorded_consent import record_consent

    require_role("agent", "record consent")
    lake = installation.begin_lake()
    numbers = installation.number_context(country)
    defaults = ConsentDefaults(
        account_sid=installation.settings.credentials.account_sid,
        country=numbers.country,
        sender_countries=numbers.sender_countries,
        zone=ZoneInfo(installation.timezone(timezone)),
        actor=installation.actor,
    )
    checked = {**record, "scope": check_scope(record["scope"], numbers)}
    return record_consent(lake, checked, defaults, installation.privacy(), way)

"""The notebook API of compliance: consent, revocations, audits, people's rights, the trail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from workbench.api.sync import SyncCalls
from workbench.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.compliance.consent_files import ConsentFile
    from workbench.compliance.consent_push import ConsentPush
    from workbench.compliance.data_subject import DataSubject
    from workbench.compliance.orders import ErasurePlan
    from workbench.compliance.revocations import RevocationDecision
    from workbench.compliance.trail import TrailCheck
    from workbench.metrics.compile import Moment
    from workbench.metrics.filter_values import Where
    from workbench.twilio.erasing import Removal, Way


@dataclass(frozen=True)
class ErasureReport:
    """What an erasure did; `plan` alone for a dry run."""

    plan: ErasurePlan
    proof: dict[str, Any] | None = None
    paths: tuple[Path, ...] = ()
    pending: int = 0
    """Messages that Twilio did not confirm yet."""

    @property
    def is_done(self) -> bool:
        return self.proof is not None and not self.pending


class ComplianceCalls(SyncCalls):
    """Who agreed to what, what should not have been sent, and what people may ask of us."""

    def consent(self, address: str) -> dict[str, Any]:
        """What one person said about being messaged: the state by scope, and every event."""
        from workbench.compliance.records import read_consent_record

        return read_consent_record(self._reader, self._person(address))

    def consent_proof(self, address: str, out: Path | str) -> list[Path]:
        """Write one person's consent record as HTML and JSON into a folder, audited; the paths."""
        return self._write(self.consent(address), address, Path(out), "consent")

    def import_consent(
        self,
        path: Path | str,
        *,
        scope: str | None = None,
        country: str | None = None,
        timezone: str | None = None,
        address_column: str | None = None,
        confirm: bool = False,
    ) -> tuple[ConsentFile, int | None]:
        """Read a file of opt-ins and opt-outs; with ``confirm`` add it to the ledger.

        Args:
            scope: of lines that name none: ``*`` for everything, a sender, a messaging service, topic:NAME.
            path: CSV or XLSX, or ``-`` for stdin.
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

        actor, numbers = self._actor(), self._number_context(country)
        defaults = ConsentDefaults(
            account_sid=self.settings.credentials.account_sid,
            scope=check_scope(scope, numbers) if scope else None,
            country=numbers.country,
            sender_countries=numbers.sender_countries,
            zone=ZoneInfo(check_timezone(timezone)) if timezone else None,
            actor=actor,
        )
        told = read_consent_file(path, defaults, self._privacy(), address_column)
        return told, save_consent_file(self.lake, told, actor) if confirm else None

    def export_consent(self, path: Path | str) -> int:
        """Write the whole ledger as CSV, numbers as they are, audited; how many events."""
        from workbench.compliance.consent_files import write_ledger

        return write_ledger(self.lake, Path(path), self._actor())

    def push_consent(self, *, confirm: bool = False) -> ConsentPush:
        """Tell Twilio's Consent API what it was not told yet; without ``confirm`` only say what that is."""
        from workbench.compliance.consent_push import plan_push, push_consent
        from workbench.sync.shared.cancellation import Cancellation

        if not confirm:
            return plan_push(self._reader, self.settings.credentials.account_sid)
        with self._client(Cancellation()) as client:
            return push_consent(self.lake, client, self._actor())

    def do_not_contact(self) -> pd.DataFrame:
        """Everybody who must not be messaged, numbers masked: contact, scope, source, since."""
        frame = self._reader.frame(
            "select address as contact, scope, source, since from suppressions order by since desc"
        )
        return _masked(frame)

    def revocations(self, state: str | None = "waiting") -> pd.DataFrame:
        """Messages that may ask in free words to be left alone, those due first; contacts masked."""
        from workbench.compliance.revocations import read_queue

        self.prepare_audits()
        return _masked(read_queue(self._reader, state))

    def decide_revocation(
        self, message_sid: str, decision: str, *, scope: str | None = None, note: str | None = None
    ) -> RevocationDecision:
        """Write down that a message is an ``opt-out`` or ``not-opt-out``, with who and when."""
        from workbench.compliance.consent_files import check_scope
        from workbench.compliance.revocations import decide

        checked = check_scope(scope, self._number_context()) if scope else None
        return decide(self.lake, message_sid, decision, actor=self._actor(), scope=checked, note=note)

    def audits(self, since: Moment = None, until: Moment = None) -> pd.DataFrame:
        """Every audit with its number: audit, headline, metric, value, must_be_zero."""
        import pandas as pd

        from workbench.metrics import query_metric
        from workbench.metrics.audits import AUDITS

        self.prepare_audits()
        rows = []
        for audit in AUDITS.values():
            result = query_metric(
                self._reader, audit.metric, since=since, until=until, timezone=self.settings.timezone
            )
            value = int(result.frame[audit.metric].iloc[0])
            rows.append((audit.name, audit.headline, audit.metric, value, audit.must_be_zero))
        return pd.DataFrame(rows, columns=["audit", "headline", "metric", "value", "must_be_zero"])

    def breaches(
        self,
        audit: str,
        where: Where | None = None,
        since: Moment = None,
        until: Moment = None,
        limit: int | None = None,
    ) -> pd.DataFrame:
        """The rows of one audit, those its metric counts; contacts masked."""
        from workbench.metrics.audits import find_audit
        from workbench.metrics.run import query_audit

        find_audit(audit)
        self.prepare_audits()
        frame = query_audit(
            self._reader, audit, where, since, until, limit=limit, timezone=self.settings.timezone
        )
        return _masked(frame)

    def export_subject(self, address: str, out: Path | str) -> list[Path]:
        """Write everything on record about one person as HTML and JSON into a folder, audited; the paths."""
        from workbench.compliance.records import read_person

        return self._write(read_person(self._reader, self._person(address)), address, Path(out), "subject")

    def erase_subject(
        self,
        address: str,
        *,
        local_only: bool = False,
        way: Literal["delete", "redact"] = "delete",
        confirm: bool = False,
        on_removal: Callable[[Removal], None] = lambda removal: None,
    ) -> ErasureReport:
        """Erase one person here and their messages at Twilio; without ``confirm`` only say what would go.

        Can be run again, also after it was interrupted; what was begun here is finished first, and otherwise
        by the next maintenance. The proof is written under ``WORKBENCH_HOME``.
        """
        from workbench.compliance.erasure import order_erasure, plan_erasure
        from workbench.compliance.finishing import finish_erasure, finish_removals, removing_alone
        from workbench.compliance.proof import say_removals

        person = self._person(address)
        if not confirm:
            return ErasureReport(plan_erasure(self._reader, person))
        self._close_reader()
        actor = self._actor()
        with removing_alone(self.lake):
            earlier = finish_removals(self.lake, actor)
            removals = None if local_only else self._remove_at_twilio(person, way, on_removal)
            at_twilio = say_removals(removals, way)
            order = order_erasure(self.lake, person, actor=actor, at_twilio=at_twilio)
            done = finish_erasure(self.lake, order)
        paths = (*done.paths, *(path for erasure in earlier for path in erasure.paths))
        return ErasureReport(order.plan, done.proof, paths, len(at_twilio.not_confirmed))

    def finish_removals(self) -> int:
        """Finish erasures that were interrupted after their rows were gone, and retention runs; how many."""
        from workbench.compliance.finishing import finish_removals, removing_alone
        from workbench.lake.removals import read_unfinished

        before = len(read_unfinished(self.lake))
        self._close_reader()
        with removing_alone(self.lake):
            finish_removals(self.lake, self._actor())
        return before - len(read_unfinished(self.lake))

    def readmit_subject(self, address: str, *, because: str) -> None:
        """Let a person who was erased in again, who came back by themselves; audited with the reason.

        They have agreed to nothing by that: import their consent. Messages that Twilio still lists come back
        with the next full sync.
        """
        from workbench.compliance.erasure import readmit_person

        readmit_person(self.lake, self._person(address), because=because, actor=self._actor())

    def audit(
        self, action: str | None = None, actor: str | None = None, limit: int | None = 100
    ) -> pd.DataFrame:
        """The audit trail, the newest first: seq, happened_at, actor, action, subject (masked), detail."""
        from workbench.compliance.trail import read_trail

        return read_trail(self._reader, action=action, actor=actor, limit=limit)

    def verify_audit(self, anchor: str | None = None) -> TrailCheck:
        """Follow the chain of the audit trail; finds rows altered, missing, out of order or cut off."""
        from workbench.compliance.trail import verify_trail

        return verify_trail(self._reader, anchor)

    def run_retention(self, *, confirm: bool = False) -> pd.DataFrame:
        """Apply ``[retention]``; without ``confirm`` only count: rule, table, field, older_than, rows."""
        from workbench.compliance.retention import retention_rules, run_retention

        rules = retention_rules(self.settings.retention)
        if not rules:
            raise UsageError(
                "workbench.toml has no [retention]. Write for instance: bodies = 90, messages = 400 (days)."
            )
        if confirm:
            self._close_reader()
        return run_retention(self.lake, rules, self._actor(), confirm=confirm)

    def _person(self, address: str) -> DataSubject:
        from workbench.compliance.data_subject import find_person
        from workbench.messaging.address_reader import read_address

        return find_person(read_address(address, self._number_context()), self._privacy())

    def _actor(self) -> str:
        from workbench.roles import current_actor

        return current_actor()

    def _write(self, record: dict[str, Any], address: str, folder: Path, what: str) -> list[Path]:
        from workbench.compliance.records import write_record
        from workbench.lake.audit import append_audit

        person = self._person(address)
        name = f"{what}-{person.number[-4:]}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        paths = write_record(record, folder, name)
        detail = {"what": f"{what} record", "messages": len(record.get("messages", ()))}
        self.lake.write(
            lambda cursor: append_audit(
                cursor, "export", actor=self._actor(), subject=person.masked, detail=detail
            )
        )
        return paths

    def _remove_at_twilio(
        self, person: DataSubject, way: Way, on_removal: Callable[[Removal], None]
    ) -> list[Removal]:
        from workbench.sync.shared.cancellation import Cancellation
        from workbench.twilio.erasing import find_messages, remove_message

        accounts = self.lake.rows("select distinct account_sid from raw_messages")
        removals = []
        with self._client(Cancellation()) as client:
            known = {client.account_sid, *(row[0] for row in accounts)}
            for account_sid in sorted(known):
                sids = {
                    sid for address in person.addresses for sid in find_messages(client, account_sid, address)
                }
                for sid in sorted(sids):
                    removals.append(remove_message(client, account_sid, sid, way))
                    on_removal(removals[-1])
        return removals

    def _close_reader(self) -> None:
        """A reader of ours would keep old files of the lake in use."""
        reader = self.__dict__.pop("_reader", None)
        if reader is not None:
            reader.close()


def _masked(frame: pd.DataFrame) -> pd.DataFrame:
    from workbench.messaging.addresses import mask

    if "contact" in frame:
        frame["contact"] = [mask(value) for value in frame["contact"]]
    return frame

"""Consent for a page: decisions, the ledger and the do-not-contact list, by the calls of `wb.consent`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from workbench.api.consent import Consent, decide_here, record_here, remove_entry_here
from workbench.api.installation import Installation

if TYPE_CHECKING:
    import pandas as pd

    from workbench.lake import Lake
    from workbench.settings import Settings

_DECIDED = {
    "opt-out": "Decided: an opt-out. They are not messaged any more.",
    "not-opt-out": "Decided: not an opt-out.",
}
_UNDONE = {
    "waiting": "Undone: it waits for a decision again.",
    "opt-out": "Undone: it is an opt-out again.",
    "not-opt-out": "Undone: it is not an opt-out again.",
}


class PageConsent:
    """See :class:`workbench.ui.panels.opt_out_requests.RequestDoor` and `do_not_contact.ListDoor`."""

    def requests(self, lake: Lake) -> pd.DataFrame:
        from workbench.compliance.revocations import read_queue

        return read_queue(lake, None)

    def blocked(
        self, lake: Lake, search: str, number: str | None, limit: int | None, with_evidence: bool
    ) -> tuple[list[dict[str, Any]], int]:
        from workbench.compliance.do_not_contact import read_blocked

        entries, total = read_blocked(
            lake, search=search, number=number, limit=limit, with_evidence=with_evidence
        )
        return [asdict(entry) for entry in entries], total

    def decide(
        self,
        settings: Settings,
        lake: Lake,
        sid: str,
        decision: str,
        *,
        everything: bool,
        note: str,
        seen: str,
    ) -> str:
        made = decide_here(
            Installation(settings, lake=lake),
            sid,
            decision,
            scope="*" if everything and decision == "opt-out" else None,
            note=note.strip() or None,
            seen=seen,
        )
        return f"{made.contact}: {_DECIDED[made.decision]}"

    def undo(self, settings: Settings, lake: Lake, sid: str, decision_id: str) -> str:
        made = Consent(Installation(settings, lake=lake)).undo(sid, decision_id=decision_id)
        return f"{made.contact}: {_UNDONE[made.decision]}"

    def record(self, settings: Settings, lake: Lake, record: Mapping[str, str]) -> str:
        recorded = record_here(Installation(settings, lake=lake), record, "by hand")
        if not recorded.is_new:
            return f"{recorded.contact}: the same was on record already."
        what = "opt-out" if recorded.kind == "opt-out" else "opt-in"
        scope = "everything" if recorded.scope == "*" else recorded.scope
        return f"{recorded.contact}: {what} of {scope} is on record."

    def remove(self, settings: Settings, lake: Lake, event_id: str, because: str) -> str:
        removed = remove_entry_here(Installation(settings, lake=lake), event_id, because)
        rest = f" Still blocked in {', '.join(removed.still_blocked)}." if removed.still_blocked else ""
        return f"{removed.contact} is off the list.{rest}"


open_consent = PageConsent()

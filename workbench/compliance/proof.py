"""The proof of an erasure: what was erased here, what Twilio confirmed, and what Twilio keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from workbench.compliance.home_files import ChangedFiles
from workbench.compliance.orders import FOLDER, AtTwilio, Order
from workbench.compliance.records import Record, write_record
from workbench.home import Treatment, treatment_of
from workbench.twilio.erasing import Removal

_AFTER = {
    Treatment.BLANK_WORDS: "words overwritten",
    Treatment.BLANK_NUMBERS: "number overwritten",
    Treatment.BLANK_LINES: "lines overwritten",
    Treatment.DROP_LINES: "lines removed",
}

_KEPT_BY_TWILIO = (
    "A redacted message stays in Twilio's log with numbers, times, status and price; only its text is gone.",
    "Twilio says its internal logs are kept for up to 400 days; its API neither shows nor removes them.",
    "Usage and billing records of the account remain. Carriers keep what they keep.",
    "A confirmation here means that the API answered so, for each message named.",
)


def build_proof(order: Order, files: ChangedFiles, kept: Sequence[str], finished_at: datetime) -> Record:
    """The proof as plain data, without number or texts.

    Args:
        kept: what the lake's database server and bucket keep, in sentences.
    """
    plan = order.plan
    return {
        "what": "proof of erasure",
        "person": plan.person,
        "as_of": order.begun_at,
        "finished_at": finished_at,
        "erasure_id": order.erasure_id,
        "done_by": order.actor,
        "erased_here": [{"table": name, "rows": count} for name, count in plan.rows.items()],
        "blotted_out_of_texts": [{"column": name, "rows": count} for name, count in plan.mentions.items()],
        "files": [
            *_cleaned(order, files),
            *({"file": f"media/{name}", "what": "attachment removed"} for name in plan.attachments),
            *({"file": name, "what": "holds the number still: change it by hand"} for name in files.left),
        ],
        "kept_here": [
            {"what": "A keyed hash of the number, so that it is not synced or messaged again."},
            {"what": "Audit rows, which name the number masked."},
            *({"what": text} for text in kept),
        ],
        "asked_of_twilio": list(order.at_twilio.asked),
        "not_confirmed_by_twilio": list(order.at_twilio.not_confirmed),
        "kept_by_twilio": [{"what": text} for text in _KEPT_BY_TWILIO],
    }


def _cleaned(order: Order, files: ChangedFiles) -> list[dict[str, str]]:
    """The cleaned files: those of the plan, and those that this or an interrupted run found later."""
    names = dict.fromkeys([*order.plan.files.changeable, *files.rewritten, *files.removed])
    return [
        {
            "file": name,
            "what": "file removed"
            if name in files.removed
            else _AFTER.get(treatment_of(name), "file removed"),
        }
        for name in names
    ]


def say_removals(removals: Sequence[Removal] | None, way: str) -> AtTwilio:
    """What was requested at Twilio, for the proof; `removals` is None if Twilio was left out."""
    return AtTwilio(
        _at_twilio(removals, way),
        [
            {"message_sid": removal.message_sid, "outcome": removal.outcome, "error": removal.error}
            for removal in removals or ()
            if not removal.is_confirmed
        ],
    )


def write_proof(proof: Record, home: Path) -> list[Path]:
    """Write the proof as JSON and HTML under ``WORKBENCH_HOME/erasures``; the two paths."""
    return write_record(proof, home / FOLDER, f"erasure-{proof['erasure_id']}")


def _at_twilio(removals: Sequence[Removal] | None, way: str) -> list[dict[str, Any]]:
    if removals is None:
        return [{"asked": "nothing", "outcome": "left out by request", "messages": None}]
    if not removals:
        return [{"asked": way, "outcome": "Twilio lists no message of this number", "messages": 0}]
    counts = Counter(removal.outcome for removal in removals)
    return [
        {"asked": way, "outcome": outcome, "messages": count} for outcome, count in sorted(counts.items())
    ]

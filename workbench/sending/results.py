"""What became of a message, as people and programs read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from workbench.display.code_words import explain_hint
from workbench.messaging.addresses import mask
from workbench.sending.verdicts import PreflightResult, Reason, Verdict
from workbench.settings import Money

if TYPE_CHECKING:
    import pandas as pd

SendState = Literal[
    "sent", "scheduled", "already_sent", "blocked", "failed", "unclear", "unconfirmed", "stopped"
]

DONE: tuple[SendState, ...] = ("sent", "scheduled", "already_sent")
"""The person gets the message, once."""


@dataclass(frozen=True)
class SendResult:
    """One message's result; the number is masked.

    `state` is `sent` or `scheduled` (Twilio has it), `already_sent` (it had it before), `blocked` (a rule),
    `failed` (Twilio refused it, or it never got there), `unclear` (nobody knows yet), `unconfirmed` (nobody
    said yes) or `stopped` (the batch ended before its turn).
    """

    state: SendState
    to: str
    verdict: Verdict
    reasons: tuple[Reason, ...]
    segments: int
    encoding: str
    cost: Money | None
    key: str
    message_sid: str | None = None
    error_code: int | None = None
    problem: str | None = None
    can_retry: bool = field(default=False, repr=False)
    """Whether Twilio surely has no message and the same may work later."""

    @property
    def is_done(self) -> bool:
        return self.state in DONE

    def why(self) -> str:
        """Why it was not sent, or what to know about it; both while it is unconfirmed."""
        reasons = " ".join(reason.text for reason in self.reasons)
        if self.state == "unconfirmed":
            return f"{self.problem} {reasons}".strip()
        return self.problem or reasons

    def as_dict(self) -> dict[str, Any]:
        return {
            "to": self.to,
            "state": self.state,
            "message_sid": self.message_sid,
            "verdict": self.verdict,
            "reasons": [
                {"rule": reason.rule, "verdict": reason.verdict, "text": reason.text}
                for reason in self.reasons
            ],
            "segments": self.segments,
            "encoding": self.encoding,
            "price": self.cost.amount if self.cost else None,
            "currency": self.cost.currency if self.cost else None,
            "error_code": self.error_code,
            "problem": self.problem,
            "key": self.key,
        }

    def __repr__(self) -> str:
        cost = f", about {self.cost}" if self.cost else ""
        sid = f" as {self.message_sid}" if self.message_sid else ""
        segments = f"{self.segments} segment{'' if self.segments == 1 else 's'}"
        text = f"{self.state}: {self.to}{sid} ({segments}{cost})"
        return "\n".join(filter(None, [text, self.why(), explain_hint(self.error_code)]))


def result(
    checked: PreflightResult, key: str, state: SendState, *, message_sid: str | None = None,
    error_code: int | None = None, problem: str | None = None, can_retry: bool = False,
) -> SendResult:  # fmt: skip
    """The result of a message that was checked."""
    return SendResult(
        state, mask(checked.outgoing.to), checked.verdict, checked.reasons, checked.count.segments,
        checked.count.encoding, checked.cost, key, message_sid, error_code, problem, can_retry,
    )  # fmt: skip


@dataclass(frozen=True)
class BatchResult:
    """All results of a batch, in the order of its rows."""

    batch: str
    results: Sequence[SendResult]
    seconds: float

    @property
    def counts(self) -> dict[str, int]:
        """How many ended in each state."""
        return dict(Counter(ended.state for ended in self.results))

    @property
    def is_done(self) -> bool:
        return all(ended.is_done for ended in self.results)

    @property
    def frame(self) -> pd.DataFrame:
        """One row per recipient."""
        return result_frame(self.results)

    def as_dict(self) -> dict[str, Any]:
        rows = [ended.as_dict() for ended in self.results]
        return {
            "batch": self.batch,
            "counts": self.counts,
            "seconds": round(self.seconds, 3),
            "results": rows,
        }

    def __repr__(self) -> str:
        counts = ", ".join(f"{count:,} {state}" for state, count in sorted(self.counts.items())) or "nothing"
        text = f"Batch {self.batch!r}: {counts}; {self.seconds:.1f} s"
        codes = Counter(ended.error_code for ended in self.results if ended.error_code)
        lines = [f"{number:,} × {code}: {explain_hint(code)}" for code, number in codes.most_common()]
        return "\n".join([text, *lines])


def result_frame(results: Sequence[SendResult]) -> pd.DataFrame:
    """Results as a table, the reasons as text."""
    import pandas as pd

    rows = [{**ended.as_dict(), "reasons": ended.why()} for ended in results]
    columns = list(rows[0]) if rows else ["to", "state", "message_sid", "verdict", "reasons"]
    return pd.DataFrame(rows, columns=columns)

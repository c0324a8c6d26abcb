"""Findings of the compliance audits: what should not have been sent, and opt-out requests not honoured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from workbench.display.formats import is_missing, plural
from workbench.findings.finding import Finding
from workbench.findings.people import PERSON_WEIGHT
from workbench.findings.reader import FindingReader


@dataclass(frozen=True)
class _Audited:
    """A metric of an audit, and the sentence on it: ``title`` follows the number and its noun."""

    metric: str
    sense: Literal["bad", "neutral"]
    noun: str
    title: str
    text: str
    weight: float = PERSON_WEIGHT
    query: Mapping[str, str] = field(default_factory=dict)


_AUDITED = (
    _Audited(
        "messages_after_opt_out",
        "bad",
        "message",
        "sent after an opt-out",
        "These people had opted out of that sender, its service or everything. Find out what sent to them.",
    ),
    _Audited(
        "revocations_late",
        "bad",
        "opt-out request",
        "past the deadline",
        "In free words, and not honoured within 10 business days. Decide on those that wait on Compliance.",
        # People write them; the filter "outbound" would leave none.
        query={"direction": "all"},
    ),
    _Audited(
        "messages_in_quiet_hours",
        "neutral",
        "message",
        "sent in quiet hours",
        "It was quiet hours where the recipient may be. Essential ones, as sign-in codes, are counted too.",
        weight=1,
    ),
)


def audits(reader: FindingReader) -> Iterator[Finding]:
    """What the audits find in the period by itself: one is already one too many."""
    for audited in _AUDITED:
        counted = reader.metric(audited.metric).frame[audited.metric].iloc[0]
        if is_missing(counted) or not counted:
            continue
        messages = float(reader.metric("messages").frame["messages"].iloc[0]) or 1.0
        yield Finding(
            audited.sense,
            f"{plural(int(counted), audited.noun)} {audited.title}",
            audited.text,
            "messages", "Show the messages", {"counted": audited.metric, **audited.query},
            touched=audited.weight * int(counted) / messages,
        )  # fmt: skip

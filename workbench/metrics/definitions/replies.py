"""Metrics of how soon people here answer, by the block method.

A block is a run of questions that a contact wrote before we answered; it counts from its first message to our
first answer, on the day of that first message. A question is an inbound message that is no keyword; an answer
is an outbound one that is no automatic reply, and neither failed nor still to come. The log cannot tell a
person from a program: a campaign that went out after a question counts as its answer.
"""

from __future__ import annotations

from typing import LiteralString

from workbench.metrics.definitions.model import Metric

_SHARES = {"p50": (0.5, "Half"), "p90": (0.9, "90 %")}
_ANSWERED = "answered_at is not null"
_OPEN = "answered_at is null and closed_at is null"
_LEFT_OUT = (
    "Questions without an answer: `unanswered_questions` and `unanswered_age` say how many and how old."
)


def _duration(
    name: str, share: str, seconds: LiteralString, which: LiteralString, label: str, what: str
) -> Metric:
    quantile, people = _SHARES[share]
    rows = f"{which} and {_ANSWERED}" if which else _ANSWERED
    return Metric(
        name=f"{name}_{share}",
        label=f"{label} {share}",
        unit="duration",
        description=f"{people} of {what} within this many seconds.",
        numerator=f"quantile_cont({seconds}, {quantile}) filter ({rows})",
        numerator_text=f"{share} of the first answer − the first message of each block",
        excludes=_LEFT_OUT,
        better="lower",
        minimum_sample=10,
        is_additive=False,
        sample=f"count(*) filter ({rows})",
        sample_noun="answered",
        source="reply_blocks",
    )


_FIRST = "questions after 24 hours of silence were answered"
_EVERY = "runs of questions were answered"

METRICS = (
    *(
        _duration("first_response", share, "reply_seconds", "is_first", "First response", _FIRST)
        for share in _SHARES
    ),
    *(_duration("reply_time", share, "reply_seconds", "", "Reply time", _EVERY) for share in _SHARES),
    *(
        _duration(
            "business_reply_time",
            share,
            "business_reply_seconds",
            "",
            "Reply time in business hours",
            f"{_EVERY}, counted in business hours,",
        )
        for share in _SHARES
    ),
    Metric(
        name="unanswered_questions",
        label="Unanswered questions",
        unit="count",
        description="Runs of questions that nobody has answered yet.",
        numerator=f"count(*) filter ({_OPEN})",
        numerator_text="blocks without an answer that nobody resolved",
        excludes="Keywords, which Twilio answers, and what somebody resolved without an answer.",
        better="lower",
        source="reply_blocks",
    ),
    Metric(
        name="unanswered_age",
        label="Longest wait",
        unit="duration",
        description="How many seconds the longest unanswered question has been waiting.",
        numerator=f"epoch(now()) - epoch(min(date_created) filter ({_OPEN}))",
        numerator_text="now − the first message of the oldest block without an answer",
        excludes="Keywords, and conversations that somebody resolved without an answer.",
        better="lower",
        is_additive=False,
        sample=f"count(*) filter ({_OPEN})",
        sample_noun="unanswered",
        source="reply_blocks",
    ),
)

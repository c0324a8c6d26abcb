"""Metrics of what people did after a message reached them: replies and opt-outs, each person once.

A reply or an opt-out belongs to the last message delivered to the person before it, within seven days (view
`engagement_facts`). People whose seven days have not passed are in flight, and in neither part of a rate.
"""

from __future__ import annotations

from typing import LiteralString

from workbench.metrics.definitions.model import Metric

SETTLED = "count(distinct person) filter (is_settled)"
_YOUNG = f"count(distinct person) - {SETTLED}"
_SETTLED_TEXT = "people with a delivered message that is at least seven days old"
_EXCLUDES = "People whose seven days have not passed: they are in flight."
_SHARES = {"p50": (0.5, "Half"), "p90": (0.9, "90 %")}


def _rate(name: str, label: str, moment: LiteralString, what: str, above: str, excludes: str) -> Metric:
    return Metric(
        name=name,
        label=label,
        unit="rate",
        description=f"Share of the people reached who {what} within seven days of a delivered message.",
        numerator=f"count(distinct person) filter (is_settled and {moment} is not null)",
        denominator=SETTLED,
        numerator_text=above,
        denominator_text=_SETTLED_TEXT,
        excludes=f"{excludes} {_EXCLUDES}",
        better="higher" if moment == "replied_at" else "lower",
        minimum_sample=30,
        is_additive=False,
        sample_noun="people",
        source="engagement_facts",
        waiting=_YOUNG,
    )


def _reply_time(share: str) -> Metric:
    quantile, people = _SHARES[share]
    return Metric(
        name=f"time_to_reply_{share}",
        label=f"Time to first reply {share}",
        unit="duration",
        description=f"{people} of the first replies to a message came within this many seconds.",
        numerator=f"quantile_cont(epoch(replied_at) - epoch(sent_at), {quantile}) filter (is_settled)",
        numerator_text=f"{share} of the first reply − `date_sent`, over messages with a reply",
        excludes="Messages without a reply within seven days, and those younger than that.",
        better="lower",
        minimum_sample=10,
        is_additive=False,
        sample="count(replied_at) filter (is_settled)",
        sample_noun="replies",
        source="engagement_facts",
    )


METRICS = (
    Metric(
        name="reach",
        label="Reach",
        unit="count",
        description="People to whom at least one message was delivered; each person counts once.",
        numerator="count(distinct person)",
        numerator_text="people with a delivered or read message",
        better="higher",
        is_additive=False,
        source="engagement_facts",
    ),
    _rate(
        "reply_rate",
        "Reply rate",
        "replied_at",
        "replied",
        "of them, people who wrote within seven days of the last message delivered before",
        "STOP and other opt-outs are no replies.",
    ),
    _rate(
        "opt_out_rate",
        "Opt-out rate",
        "opted_out_at",
        "opted out",
        "of them, people who opted out within seven days of the last message delivered before, "
        "by keyword, on the web or through one of us",
        "Opt-outs known only from Twilio's refusal (21610), which has no date of the opt-out.",
    ),
    Metric(
        name="unresponsive_rate",
        label="Unresponsive",
        unit="rate",
        description="Share of the people reached who got three or more messages and answered none of them.",
        numerator="count(*) filter (settled >= 3 and not has_answered)",
        denominator="count(*) filter (settled > 0)",
        numerator_text="of them, people with at least three such messages who neither replied nor opted out "
        "within seven days of any",
        denominator_text=_SETTLED_TEXT,
        excludes=_EXCLUDES,
        better="lower",
        minimum_sample=30,
        is_additive=False,
        sample_noun="people",
        source="engagement_facts",
        bins={
            "one_person": "person",
            "settled": "count(*) filter (is_settled)",
            "has_answered": "coalesce(bool_or(replied_at is not null or opted_out_at is not null), false)",
        },
        waiting="count(*) filter (settled = 0)",
    ),
    *(_reply_time(share) for share in _SHARES),
)

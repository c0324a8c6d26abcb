"""Metrics of how fast messages leave and arrive: percentiles over rows, and seconds and minutes of sending.

Percentiles are made of the messages themselves and never averaged. Speeds are counted in whole seconds of
`date_sent`, which is as fine as Twilio's log is; groups of days and hours follow `date_created`.
"""

from __future__ import annotations

from workbench.metrics.definitions.model import Metric

AT_LIMIT = 0.9
"""A minute counts as "at the limit" from this share of what the limit lets through in a minute."""

_PERCENTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
_SHARES = {"p50": "Half", "p90": "90 %", "p95": "95 %", "p99": "99 %"}


def _queue_wait(name: str) -> Metric:
    return Metric(
        name=f"queue_wait_{name}",
        label=f"Queue wait {name}",
        unit="duration",
        description=f"{_SHARES[name]} of the messages left Twilio within this many seconds of being created.",
        numerator=(
            f"quantile_cont(epoch(date_sent) - epoch(date_created), {_PERCENTILES[name]}) filter ({{queued}})"
        ),
        numerator_text=f"{name} of `date_sent` − `date_created`, whole seconds, over outbound messages",
        excludes=(
            "Messages not sent yet, and those sent after more than 10 hours: Twilio gives up before, so they "
            "had been scheduled. One scheduled for sooner cannot be told and counts from its creation."
        ),
        better="lower",
        minimum_sample=30,
        is_additive=False,
        sample="count(*) filter ({queued})",
        sample_noun="sent",
    )


def _delivery_time(name: str) -> Metric:
    return Metric(
        name=f"delivery_time_{name}",
        label=f"Delivery time {name}",
        unit="duration",
        description=f"{_SHARES[name]} of the receipts came within this many seconds of sending.",
        numerator=(
            f"quantile_cont(epoch(delivered_seen_at) - epoch(date_sent), {_PERCENTILES[name]}) "
            "filter ({sent} and delivered_seen_at >= date_sent)"
        ),
        numerator_text=f"{name} of the delivery callback's arrival − `date_sent`",
        excludes=(
            "Messages without a delivery callback. `date_updated` is no substitute: a price moves it too."
        ),
        better="lower",
        minimum_sample=30,
        is_additive=False,
        sample="count(*) filter ({sent} and delivered_seen_at >= date_sent)",
        sample_noun="with a callback",
        source="delivery_facts",
    )


# Counted from 1970, because cutting a moment by the calendar takes ten times as long.
_SECONDS = {"bin_start": "epoch_us(date_sent) // 1000000", "bin_segments": "sum({sent_segments})"}
_BY_SENDER = {"bin_account": "account_sid", "bin_sender": "sender", "bin_limit": "max(mps_limit)"}
_MINUTES = {
    "bin_start": "epoch_us(date_sent) // 60000000",
    "bin_segments": "sum({sent_segments})",
    **_BY_SENDER,
}

METRICS = (
    *(_queue_wait(name) for name in _PERCENTILES),
    *(_delivery_time(name) for name in _PERCENTILES),
    Metric(
        name="peak_speed",
        label="Busiest second",
        unit="speed",
        description="Segments sent in the busiest second.",
        numerator="max(bin_segments)",
        numerator_text="the largest number of segments with the same second in `date_sent`",
        excludes="Messages not sent yet. An MMS counts as one segment.",
        is_additive=False,
        sample="count(*)",
        sample_noun="active seconds",
        bins=_SECONDS,
        rows="{sent}",
    ),
    Metric(
        name="p95_speed",
        label="Speed p95",
        unit="speed",
        description="95 % of the seconds in which anything was sent had no more segments than this.",
        numerator="quantile_cont(bin_segments, 0.95)",
        numerator_text="p95 of segments per second, over the seconds with at least one",
        excludes="Seconds in which nothing was sent. An MMS counts as one segment.",
        is_additive=False,
        sample="count(*)",
        sample_noun="active seconds",
        bins=_SECONDS,
        rows="{sent}",
    ),
    Metric(
        name="utilisation",
        label="Peak second of limit",
        unit="rate",
        description="The busiest second of a sender against its limit; the highest of all senders.",
        numerator="max(bin_segments / bin_limit)",
        numerator_text="segments in a sender's busiest second / its limit in segments per second",
        excludes=(
            "Senders whose limit nobody says. Above 100 % is usual at low limits and no fault: a text of "
            "three segments leaves in one second, and Twilio queues what is too much. Waiting is what counts."
        ),
        is_additive=False,
        sample="count(*) filter (bin_limit is not null)",
        sample_noun="active seconds",
        source="sending_facts",
        bins={**_SECONDS, **_BY_SENDER},
        rows="{sent}",
    ),
    Metric(
        name="minute_utilisation",
        label="Peak minute of limit",
        unit="rate",
        description="The busiest minute of a sender against what its limit lets through; the highest of all.",
        numerator="max(bin_segments / (60 * bin_limit))",
        numerator_text="segments in a sender's busiest minute / 60 × its limit in segments per second",
        excludes="Senders whose limit nobody says. Near 100 % messages wait for their turn.",
        is_additive=False,
        sample="count(*) filter (bin_limit is not null)",
        sample_noun="active minutes",
        source="sending_facts",
        bins=_MINUTES,
        rows="{sent}",
    ),
    Metric(
        name="minutes_at_limit",
        label="Minutes at the limit",
        unit="count",
        description="Minutes in which a sender sent nearly all that its limit lets through.",
        numerator=f"count(*) filter (bin_segments >= {AT_LIMIT} * 60 * bin_limit)",
        numerator_text=f"minutes of a sender with at least {AT_LIMIT:.0%} of 60 × its limit in segments",
        excludes="Senders whose limit nobody says. Each sender's minutes count for themselves.",
        better="lower",
        is_additive=False,
        source="sending_facts",
        bins=_MINUTES,
        rows="{sent}",
    ),
    Metric(
        name="backlog",
        label="Waiting to be sent",
        unit="count",
        description="Segments that Twilio has accepted and not sent yet.",
        numerator="coalesce(sum({sent_segments}) filter ({waiting}), 0)",
        numerator_text="segments of accepted, queued and sending messages",
        excludes="Scheduled messages: they wait for their time, not for a turn.",
        better="lower",
    ),
)

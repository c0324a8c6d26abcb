"""Metrics of money. Every one is by currency and has the priced share beside it."""

from __future__ import annotations

from workbench.metrics.definitions.model import FINAL_TEXT, Metric

#: Codes for which Twilio charges no fee for a failed message (help article 27502337507483).
_NO_FEE = (
    "12400, 20500, 20504, 21408, 30002, 30008, 30036, 30103, 30450, 30454, 30500, 63010, 63012, 63013, "
    "63018, 63021, 63024, 63032, 63038, 90010"
)

METRICS = (
    Metric(
        name="spend",
        label="Spend",
        unit="money",
        description="What Twilio charged for messages, carrier fees included, by currency.",
        numerator="sum(spend)",
        numerator_text="sum of prices, as positive amounts",
        excludes="Messages not priced yet (prices can take a day), and fees that Twilio books only as usage.",
    ),
    Metric(
        name="priced_share",
        label="Priced share",
        unit="rate",
        description="How much of the final outbound traffic has its price.",
        numerator="count(*) filter ({final} and {priced})",
        denominator="count(*) filter ({final})",
        numerator_text="final outbound messages with a price",
        denominator_text=FINAL_TEXT,
        better="higher",
        is_additive=False,
    ),
    Metric(
        name="cost_per_delivered",
        label="Cost per delivered",
        unit="money",
        description="What one delivered message cost, everything else that was tried included.",
        numerator="sum(spend) filter ({outbound})",
        denominator="count(*) filter ({delivered})",
        numerator_text="spend on outbound messages of every outcome",
        denominator_text="delivered (or read) messages of the same days",
        excludes="Inbound messages. Days are those of creation, not of pricing.",
        better="lower",
        minimum_sample=30,
        is_additive=False,
    ),
    Metric(
        name="wasted_spend",
        label="Wasted spend",
        unit="money",
        description="What was paid for messages that did not arrive.",
        numerator=(
            "coalesce(sum(spend) filter ({undelivered} or {failed}), 0) + 0.001 * count(*) filter ("
            "{failed} and spend is null and currency = 'USD' "
            f"and coalesce(error_code, 0) not in ({_NO_FEE}))"
        ),
        numerator_text=(
            "prices of undelivered and failed messages, and Twilio's fee of 0.001 USD for each failed one "
            "whose price the log leaves out"
        ),
        excludes=(
            "The fee where Twilio waives it (by code), and in other currencies than USD, where it is known "
            "only from the usage records. `sent` messages without a receipt may have been wasted too."
        ),
        better="lower",
    ),
    Metric(
        name="extra_segment_spend",
        label="Spend on extra segments",
        unit="money",
        description="What the segments beyond each message's first one cost.",
        numerator=(
            "coalesce(sum(spend * (segments - 1) / segments) "
            "filter ({outbound} and {sms} and segments > 1), 0)"
        ),
        numerator_text="price × (segments − 1) / segments of outbound SMS with several segments",
        excludes="MMS, which are billed by the message, and messages not priced yet.",
        better="lower",
    ),
    Metric(
        name="ucs2_spend",
        label="Spend on UCS-2",
        unit="money",
        description="What outbound SMS in UCS-2 cost: 70 characters to a segment instead of 160.",
        numerator="coalesce(sum(spend) filter ({outbound} and {sms} and encoding = 'UCS-2'), 0)",
        numerator_text="prices of outbound SMS with a character outside GSM-7",
        excludes="MMS, and messages whose text was never seen.",
        better="lower",
    ),
)

"""Metrics of how messages are cut into billed segments."""

from __future__ import annotations

from workbench.metrics.definitions.model import Metric

METRICS = (
    Metric(
        name="segments_per_message",
        label="Segments per message",
        unit="ratio",
        description="How many billing segments an outbound message takes on average.",
        numerator="sum(segments) filter ({final} and segments > 0)",
        denominator="count(*) filter ({final} and segments > 0)",
        numerator_text="segments of final outbound messages",
        denominator_text="final outbound messages with at least one segment",
        excludes="Messages in flight, canceled ones, and those without a segment count.",
        better="lower",
        is_additive=False,
    ),
    Metric(
        name="multi_segment_share",
        label="More than one segment",
        unit="rate",
        description="Share of outbound SMS that need several segments.",
        numerator="count(*) filter ({final} and {sms} and segments > 1)",
        denominator="count(*) filter ({final} and {sms} and segments > 0)",
        numerator_text="final outbound SMS with more than one segment",
        denominator_text="final outbound SMS with at least one segment",
        excludes="MMS, messages in flight, canceled ones, and those without a segment count.",
        better="lower",
        minimum_sample=30,
        is_additive=False,
    ),
    Metric(
        name="ucs2_share",
        label="Sent as UCS-2",
        unit="rate",
        description="Share of outbound SMS with a character outside GSM-7, which more than halves a segment.",
        numerator="count(*) filter ({final} and {sms} and encoding = 'UCS-2')",
        denominator="count(*) filter ({final} and {sms} and encoding is not null)",
        numerator_text="final outbound SMS in UCS-2",
        denominator_text="final outbound SMS whose text was seen",
        excludes="MMS, messages in flight, canceled ones, and those whose text was never seen.",
        better="lower",
        minimum_sample=30,
        is_additive=False,
    ),
)

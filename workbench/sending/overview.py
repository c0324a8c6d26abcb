"""What preflight says, made for people to look at: a frame, one verdict, or the sum over many recipients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from workbench.display.formats import money
from workbench.messaging.addresses import country, mask
from workbench.sending.verdicts import PreflightResult

if TYPE_CHECKING:
    import pandas as pd

_PREVIEWS = 3
_MOST_REASONS = 6
_COLUMNS = [
    "to", "verdict", "reasons", "country", "encoding", "segments", "price", "currency", "price_source",
    "local_time", "sends_at",
]  # fmt: skip


def preflight_frame(checked: Sequence[PreflightResult], index: Any = None) -> pd.DataFrame:
    """One row per recipient; numbers masked."""
    import pandas as pd

    return pd.DataFrame([_row(result) for result in checked], columns=_COLUMNS, index=index)


def verdict_summary(checked: PreflightResult) -> dict[str, Any]:
    """What preflight says of one message, as plain data."""
    return {
        "segments": checked.count.segments,
        "encoding": checked.count.encoding,
        "cost": money(checked.cost.amount, checked.cost.currency) if checked.cost else "",
        "verdict": checked.verdict,
        "reasons": [{"verdict": reason.verdict, "text": reason.text} for reason in checked.reasons],
    }


def batch_overview(checked: Sequence[PreflightResult]) -> dict[str, Any]:
    """What preflight says of all recipients, as plain data; numbers masked."""
    going = [result for result in checked if not result.is_blocked and result.facts.sent_as is None]
    costs: dict[str, Decimal] = {}
    for result in going:
        if result.cost:
            costs[result.cost.currency] = costs.get(result.cost.currency, Decimal(0)) + result.cost.amount
    return {
        "verdicts": dict(Counter(result.verdict for result in checked)),
        "going": len(going),
        "sent": sum(result.facts.sent_as is not None for result in checked),
        "segments": sum(result.count.segments for result in going),
        "costs": [money(amount, currency) for currency, amount in sorted(costs.items())],
        "unpriced": sum(result.cost is None for result in going),
        "reasons": _counted_reasons(checked),
        "previews": [
            {
                "to": mask(result.outgoing.to),
                "text": result.outgoing.body,
                "segments": result.count.segments,
            }
            for result in checked[:_PREVIEWS]
        ],
    }


def _counted_reasons(checked: Sequence[PreflightResult]) -> list[dict[str, Any]]:
    """Each rule once, blocks first, with how many it meets and its first text as an example."""
    counts: Counter[tuple[str, str]] = Counter()
    texts: dict[tuple[str, str], str] = {}
    for result in checked:
        for reason in result.reasons:
            counts[reason.verdict, reason.rule] += 1
            texts.setdefault((reason.verdict, reason.rule), reason.text)
    ranked = sorted(counts, key=lambda key: (key[0] != "block", -counts[key]))
    return [{"verdict": key[0], "count": counts[key], "text": texts[key]} for key in ranked[:_MOST_REASONS]]


def _row(checked: PreflightResult) -> dict[str, Any]:
    quiet, price = checked.facts.quiet, checked.facts.price
    times = sorted({f"{moment:%a %H:%M}" for moment in quiet.local_times}) if quiet else []
    return {
        "to": mask(checked.outgoing.to),
        "verdict": checked.verdict,
        "reasons": checked.why(),
        "country": country(checked.outgoing.to),
        "encoding": checked.count.encoding,
        "segments": checked.count.segments,
        "price": checked.cost.amount if checked.cost else None,
        "currency": checked.cost.currency if checked.cost else None,
        "price_source": price.source if price else None,
        "local_time": " – ".join(times) or None,
        "sends_at": checked.outgoing.send_at,
    }

"""Campaigns in a report: ranked with how sure each rate is, and two of them compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.display import formats
from workbench.display.formats import MISSING
from workbench.errors import UsageError
from workbench.metrics.campaign_comparison import RateComparison, compare_campaigns
from workbench.metrics.campaign_health import campaign_health
from workbench.metrics.campaigns import FEWEST_PEOPLE, Campaign, find_campaign
from workbench.metrics.proportions import Proportion
from workbench.reports.elements import TableCell, TableElement, table_html
from workbench.reports.queries import ReportQueries

_LIMIT = 40
_NAMES = {"template": "Text", "messaging_service": "Messaging service", "batch": "Batch"}
_HEAD = (
    "Sent", "Delivery rate", "Reply rate", "Opt-out rate", "Health", "Spend", "Cost per delivered",
)  # fmt: skip
_NOTE = (
    "Below a rate: where it lies with 95 % certainty, and of how many. People reached in the last seven days "
    "are in flight. Health is from 0 to 100, the sum of its parts."
)


def campaigns_html(asking: ReportQueries, kind: str) -> str:
    """The campaigns of the period, the one with the most messages first."""
    listed = asking.campaign_list(kind)
    shown, rest = listed.campaigns[:_LIMIT], listed.campaigns[_LIMIT:]
    largest = max((campaign.messages for campaign in shown), default=1)
    notes = [_NOTE]
    if listed.without:
        notes.append(f"{formats.count(listed.without)} outbound messages belong to none.")
    if rest:
        messages = formats.count(sum(campaign.messages for campaign in rest))
        notes.append(f"Not shown: {len(rest):,} more with {messages} messages.")
    table = TableElement(
        [_NAMES[listed.kind], *_HEAD],
        [_row(campaign) for campaign in shown],
        (),
        [campaign.messages / largest for campaign in shown],
        " ".join(notes),
    )
    return table_html(f"Campaigns by {_NAMES[listed.kind].lower()}", table)


def _row(campaign: Campaign) -> list[TableCell]:
    waiting = f", {formats.count(campaign.in_flight)} in flight" if campaign.in_flight else ""
    delivered = TableCell(
        [formats.rate(campaign.deliveries.rate)], f"of {campaign.deliveries.sample:,}{waiting}"
    )
    priced = f"{formats.rate(campaign.priced_share)} priced" if campaign.priced_share is not None else ""
    return [
        TableCell([campaign.text or campaign.campaign], campaign.campaign if campaign.text else ""),
        TableCell([formats.count(campaign.messages)]),
        delivered,
        _share_cell(campaign.replies, campaign.people_in_flight),
        _share_cell(campaign.opt_outs, campaign.people_in_flight),
        _health_cell(campaign),
        TableCell(_amounts(campaign.spend), priced),
        TableCell(_amounts(campaign.cost_per_delivered)),
    ]


def _amounts(by_currency: Mapping[str, float]) -> Sequence[str]:
    return [formats.money(amount, currency) for currency, amount in by_currency.items()] or [MISSING]


def _share_cell(share: Proportion, in_flight: int) -> TableCell:
    waiting = f", {formats.count(in_flight)} in flight" if in_flight else ""
    if share.sample < FEWEST_PEOPLE:
        return TableCell([MISSING], f"too few: {share.sample:,}{waiting}")
    low, high = (formats.rate(bound) for bound in share.interval)
    return TableCell([formats.rate(share.rate)], f"{low} to {high} of {share.sample:,}{waiting}")


def _health_cell(campaign: Campaign) -> TableCell:
    health = campaign_health(campaign)
    if health.score is None:
        return TableCell([MISSING], "a part is of too few")
    parts = ", ".join(
        f"{part.rule.label.lower()} {part.points:.0f} of {part.rule.most}" for part in health.parts
    )
    return TableCell([f"{health.score:.0f}"], parts)


def comparison_html(asking: ReportQueries, kind: str, first: str, second: str) -> str:
    """Two campaigns in sentences; without a second one the first against the period before.

    Raises:
        UsageError: there is a second one and no first.
        NotFound: no message of the period belongs to one of them.
    """
    if not first:
        raise UsageError(f"second is {second!r} and there is no first; give the id of both campaigns.")
    listed = asking.campaign_list(kind)
    now = find_campaign(listed, first)
    if second:
        other = find_campaign(listed, second)
        legend = f"A: {now.text or first}. B: {other.text or second}."
        return _comparison(compare_campaigns(now, other, ("A", "B")), ("A", "B"), legend)
    before = asking.before()
    if before is None:
        return _comparison(
            [], ("Before", "Now"), f"Not compared with the period before: {asking.not_compared}."
        )
    names = (before.title, asking.period.title)
    earlier = asking.campaign_list(kind, before)
    if first not in {campaign.campaign for campaign in earlier.campaigns}:
        return _comparison([], names, f"No message of {before.title} belongs to it.")
    legend = f"{_NAMES[listed.kind]}: {now.text or first}"
    return _comparison(compare_campaigns(find_campaign(earlier, first), now, names), names, legend)


def _comparison(rates: Sequence[RateComparison], names: tuple[str, str], note: str) -> str:
    rows = [
        [TableCell([rate.sentence]), _share_cell(rate.first, 0), _share_cell(rate.second, 0)]
        for rate in rates
    ]
    return table_html("Comparison", TableElement(["What the numbers say", *names], rows, (), (), note))

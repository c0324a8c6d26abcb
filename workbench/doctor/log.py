"""Checks of the copy: how far it is behind, what is missing, what could not be read, which jobs failed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from workbench.display.formats import duration, plural
from workbench.doctor.check_result import CheckResult, failure, fine, skipped, warning
from workbench.doctor.examination import Examination
from workbench.lake.removals import read_unfinished
from workbench.metrics.freshness import freshness
from workbench.sync.status import AccountStatus

LATE = timedelta(hours=1)
VERY_LATE = timedelta(days=1)
UNPRICED_AFTER = timedelta(hours=24)


def check_sync(examination: Examination) -> Iterator[CheckResult]:
    """The last sync is recent, and did not fail."""
    last_at = freshness(examination.lake).last_sync_at
    repair = "Run `workbench sync`; `workbench serve` runs it every few minutes ([schedule] sync)."
    if last_at is None:
        yield failure("No sync was ever finished here.", repair)
        return
    age = examination.now - last_at
    evidence = f"The last finished sync was {duration(age.total_seconds())} ago."
    if age > VERY_LATE:
        yield failure(evidence, repair)
    elif age > LATE:
        yield warning(evidence, repair)
    else:
        yield fine(evidence)


def check_days(examination: Examination) -> Iterator[CheckResult]:
    """No day is missing, and none was begun and not finished."""
    accounts = examination.sync_status.accounts
    troubles = 0
    for account in accounts:
        for result in _missing_days(account):
            troubles += 1
            yield result
    if not accounts:
        yield skipped("No account was synced yet.")
    elif not troubles:
        through = min(str(account.settled_through or "no day yet") for account in accounts)
        yield fine(f"Every day is there, complete through {through} (GMT).")


def _missing_days(account: AccountStatus) -> Iterator[CheckResult]:
    for first, last in account.holes:
        days = (last - first).days + 1
        yield failure(
            f"{plural(days, 'day')} from {first} to {last} (GMT) never read to the end.",
            f"Run `workbench sync --since {first}`.",
            subject=account.account_sid,
        )
    if account.unfinished_days:
        yield warning(
            f"{plural(account.unfinished_days, 'day')} begun and not finished.",
            "Run `workbench sync`; it goes on where it stopped.",
            subject=account.account_sid,
        )


def check_open_messages(examination: Examination) -> Iterator[CheckResult]:
    """Messages reach an end."""
    accounts = examination.sync_status.accounts
    unresolved = sum(account.unresolved for account in accounts)
    evidence = f"{plural(sum(account.open_messages for account in accounts), 'message')} in flight."
    if unresolved:
        yield warning(
            f"{plural(unresolved, 'message')} never got a final status from Twilio, although they were read "
            "again for days.",
            "Nothing can be done here: they count as unknown, not as delivered. Ask Twilio's support if it "
            "is one sender's or one carrier's.",
        )
    else:
        yield fine(evidence)


def check_prices(examination: Examination) -> Iterator[CheckResult]:
    """What was sent a day ago has its price."""
    row = examination.lake.rows(
        "select count(*) filter (where spend is null), count(*), "
        "min(date_created) filter (where spend is null) from message_facts where is_final "
        "and status in ('delivered', 'sent', 'undelivered', 'received') and date_created < ?",
        [examination.now - UNPRICED_AFTER],
    )[0]
    unpriced, messages, oldest = row
    if not messages:
        yield skipped("No message is a day old.")
    elif unpriced / messages > _UNPRICED_SHARE:
        yield warning(
            f"{unpriced:,} of {plural(messages, 'message')} older than a day have no price, the oldest of "
            f"{oldest:%Y-%m-%d}: spend is more than what is shown.",
            "Run `workbench reconcile --repair` for these days; what has no price at Twilio either is free, "
            "or billed later.",
        )
    else:
        yield fine(f"{unpriced:,} of {plural(messages, 'message')} older than a day have no price.")


_UNPRICED_SHARE = 0.02


def check_undated(examination: Examination) -> Iterator[CheckResult]:
    """No message is without its date of sending for days."""
    undated = examination.lake.value(
        "select count(*) from message_facts where date_sent is null and status in ('sent', 'delivered') "
        "and date_created < ?",
        [examination.now - UNPRICED_AFTER],
    )
    if undated:
        yield warning(
            f"{plural(undated, 'message')} sent more than a day ago have no date of sending.",
            "Run `workbench reconcile --repair`; they count on the day of their creation until then.",
        )
    else:
        yield fine("Every message that was sent has its date.")


def check_quarantine(examination: Examination) -> Iterator[CheckResult]:
    """Every row could be read."""
    status = examination.sync_status
    counts: dict[str, int] = dict(status.quarantined)
    for account in status.accounts:
        for resource, number in account.quarantined.items():
            counts[resource] = counts.get(resource, 0) + number
    for resource, number in sorted(counts.items()):
        yield warning(
            f"{plural(number, 'row')} could not be read and {'is' if number == 1 else 'are'} kept aside.",
            "Run `workbench sync --retry-quarantined`; the table quarantined_rows has the reasons.",
            subject=resource,
        )
    rejected = status.rejected + sum(account.rejected for account in status.accounts)
    if rejected:
        yield warning(
            f"{plural(rejected, 'line')} of imported files were rejected.",
            "The table rejected_rows has the reasons; correct the file and import it again.",
        )
    if not counts and not rejected:
        yield fine("Every row could be read.")


def check_jobs(examination: Examination) -> Iterator[CheckResult]:
    """The last run of every job went well."""
    rows = examination.lake.rows("select job, failed_at, error from failed_jobs order by job")
    for job, failed_at, error in rows:
        yield failure(
            f"It failed at {failed_at:%Y-%m-%d %H:%M} UTC: {error or 'without a word'}.",
            f"Run `workbench schedule run {job}` and do what it says.",
            subject=job,
        )
    if not rows:
        yield fine("No scheduled job failed the last time.")


def check_removals(examination: Examination) -> Iterator[CheckResult]:
    """Erasures and retention were finished."""
    unfinished = read_unfinished(examination.lake)
    for removal in unfinished:
        yield failure(
            f"{removal} is not finished: old copies may be left.",
            "Run `workbench schedule run maintenance`, or the same erasure again.",
        )
    if not unfinished:
        yield fine("Every erasure and retention run is finished.")

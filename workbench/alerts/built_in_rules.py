"""The rules that help on day one, as data; the settings change each by its name: `[alerts.rules.NAME]`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from workbench.alerts.rule import AlertRule

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_SELDOM = timedelta(minutes=30)


OWN_DEFAULTS = AlertRule("own", "Own rule", minimum_sample=20, page="")
"""What a user's rule has where it says nothing; an empty page means the one that shows the metric."""

_RULES = (
    AlertRule(
        "failure-rate", "More messages fail", metric="error_rate_without_opt_outs", above=0.02, change=2,
        minimum_sample=50, severity="critical", page="failures",
    ),
    AlertRule(
        "error-code", "An error code spikes", metric="not_delivered", by=("error_code",), per="messages",
        where={"direction": ["outbound-api", "outbound-call", "outbound-reply"]}, change=3, minimum_sample=20,
        page="failures",
    ),
    AlertRule(
        "sender-at-limit", "A sender is at its limit", metric="minutes_at_limit", by=("sender",), above=15,
        quiet=_DAY, page="throughput",
    ),
    AlertRule(
        "prices-missing", "Prices are missing", metric="priced_share", window=_DAY, delay=_DAY, below=0.9,
        minimum_sample=50, quiet=_DAY, page="cost",
    ),
    AlertRule(
        "opt-outs", "More people opt out", metric="opt_outs", per="delivered", window=3 * _HOUR, change=3,
        minimum_sample=50, severity="critical", page="overview",
    ),
    AlertRule(
        "after-opt-out", "Messages after an opt-out", metric="messages_after_opt_out", window=_DAY, above=0,
        severity="critical", quiet=_DAY, page="compliance",
    ),
    AlertRule(
        "inbound-waiting", "Questions wait for an answer", state="inbound_waiting", above=0.2, change=2,
        minimum_sample=20, quiet=_DAY, every=_SELDOM, page="inbox",
    ),
    AlertRule("sync-silent", "The sync is silent", state="sync_silent", severity="critical", page="health"),
    AlertRule(
        "webhooks-silent", "The webhooks are silent", state="webhooks_silent", above=1800,
        severity="critical", page="health",
    ),
    AlertRule("job-failed", "A job failed", state="failed_jobs", above=0, page="health"),
    AlertRule(
        "balance-low", "The balance is low", state="balance", above=0, severity="critical", quiet=_DAY,
        page="health",
    ),
    AlertRule(
        "health", "Something is wrong here", state="health", above=0, quiet=_DAY, page="health",
    ),
    AlertRule(
        "budget", "The month's budget is spent", state="budget", above=1, quiet=_DAY, every=_SELDOM,
        severity="critical", page="cost",
    ),
    AlertRule(
        "budget-forecast", "The month's budget will not do", state="budget_forecast", above=1,
        quiet=7 * _DAY, every=_SELDOM, page="cost",
    ),
)  # fmt: skip

BUILT_IN: Mapping[str, AlertRule] = {rule.name: rule for rule in _RULES}

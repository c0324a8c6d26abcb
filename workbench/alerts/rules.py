"""The rules that hold: the built-in ones as the settings change them, and the users' own. Pure."""

from __future__ import annotations

import difflib
from dataclasses import replace
from datetime import timedelta
from typing import Any

from workbench.alerts.built_in_rules import BUILT_IN, OWN_DEFAULTS
from workbench.alerts.rule import AlertRule
from workbench.errors import ConfigError, UsageError, WorkbenchError
from workbench.metrics.compile import find_metric
from workbench.metrics.definitions import Metric
from workbench.metrics.filter_values import find_dimension, read_filters
from workbench.settings.alerts import AlertRuleSettings, AlertSettings
from workbench.settings.values import read_length

_TIMES = ("window", "delay", "lasting", "quiet")
_PLAIN = ("metric", "by", "where", "per", "above", "below", "change", "minimum_sample", "severity")
_OF_METRICS = ("metric", "by", "where", "per", "window", "delay", "below", "change", "minimum_sample")
_COMPARABLE = ("count", "rate", "duration", "ratio", "speed")


def alert_rules(settings: AlertSettings) -> tuple[AlertRule, ...]:
    """Every rule that is on, the built-in ones first.

    Raises:
        ConfigError: a rule names a metric or dimension that there is not, or its parts do not belong
        together.
    """
    rules = []
    for name, built_in in BUILT_IN.items():
        given = settings.rules.get(name)
        if given is None or given.enabled:
            rules.append(_checked(_changed(built_in, given), given) if given else built_in)
    rules += [
        own_rule(given) for name, given in settings.rules.items() if name not in BUILT_IN and given.enabled
    ]
    return tuple(rules)


def own_rule(given: AlertRuleSettings) -> AlertRule:
    """A rule that is none of the built-in ones.

    Raises:
        ConfigError: as :func:`alert_rules`.
    """
    return _checked(_own_rule(given), given)


def _own_rule(given: AlertRuleSettings) -> AlertRule:
    if given.metric is None:
        close = difflib.get_close_matches(given.name, BUILT_IN, n=1)
        hint = f" Did you mean the built-in rule {close[0]!r}?" if close else ""
        raise ConfigError(
            f"[alerts.rules.{given.name}] names no metric, and there is no built-in rule of this name.{hint} "
            f'Write metric = "undelivered_rate", or one of these names: {", ".join(BUILT_IN)}.'
        )
    return _changed(
        replace(OWN_DEFAULTS, name=given.name, title=given.name.replace("-", " ").capitalize()), given
    )


def _changed(rule: AlertRule, given: AlertRuleSettings) -> AlertRule:
    """The rule with what the settings say of it."""
    changes: dict[str, Any] = {name: value for name in _PLAIN if (value := getattr(given, name)) is not None}
    for name in _TIMES:
        if (length := getattr(given, name)) is not None:
            changes[name] = read_length(length)
    if "where" in changes:
        changes["where"] = dict(changes["where"])
    return replace(rule, **changes)


def _checked(rule: AlertRule, given: AlertRuleSettings) -> AlertRule:
    label = f"[alerts.rules.{rule.name}]"
    try:
        if not rule.metric:
            _check_state_rule(given)
        else:
            _check_metric_rule(rule)
    except WorkbenchError as error:
        raise ConfigError(f"{label} {error}") from error
    return rule


def _check_state_rule(given: AlertRuleSettings) -> None:
    for name in _OF_METRICS:
        if getattr(given, name) is not None:
            raise UsageError(
                f"{name} has no effect: this built-in rule watches no metric. It takes enabled, above, "
                "lasting, quiet and severity."
            )


def _check_metric_rule(rule: AlertRule) -> None:
    metric = find_metric(rule.metric)
    for name in rule.by:
        find_dimension(name)
    read_filters(rule.where)
    if rule.per:
        _check_divisor(metric, find_metric(rule.per))
    if metric.unit not in _COMPARABLE:
        raise UsageError(
            f"metric is {metric.name!r}, an amount of money, which has a currency: set [alerts] budget "
            "instead."
        )
    if rule.above is None and rule.below is None and rule.change is None:
        raise UsageError("says no limit: write above, below or change.")
    if rule.above is not None and rule.below is not None:
        raise UsageError("has above and below: write two rules.")
    if rule.change == 1:
        raise UsageError("change is 1, as usual: write more than 1 for a rise, less for a fall.")
    if rule.change is not None and _contradicts(rule):
        raise UsageError("change and the limit point to different sides: above goes with a change above 1.")
    if rule.window <= timedelta(0):
        raise UsageError('window is "0m"; write at least "1m".')


def _contradicts(rule: AlertRule) -> bool:
    is_rise = (rule.change or 0) > 1
    return (is_rise and rule.below is not None) or (not is_rise and rule.above is not None)


def _check_divisor(metric: Metric, divisor: Metric) -> None:
    for each in (metric, divisor):
        if each.unit != "count":
            raise UsageError(f"per needs two metrics that count, and {each.name!r} is a {each.unit}.")

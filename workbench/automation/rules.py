"""The rules of the settings, checked as a whole. Pure but for the templates, which are files of the home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from workbench.automation.built_in import BUILT_IN_NAMES, OPTED_OUT
from workbench.automation.calendar import Calendar
from workbench.automation.languages import is_known_language
from workbench.automation.patterns import matches
from workbench.automation.plan import HELD
from workbench.conversations.business_hours import business_hours, parse_hours
from workbench.conversations.events import label
from workbench.errors import ConfigError, UsageError, WorkbenchError
from workbench.messaging.opt_out_clock import opt_out_clock
from workbench.messaging.quiet_hours import QuietHoursRules
from workbench.sending.template_files import find_template
from workbench.settings import Settings
from workbench.settings.rules import RuleActions, RuleSettings

BLANKS = ("name", "first_name")
"""What fills blanks of a template that a rule sends."""


def automation_rules(settings: Settings) -> tuple[RuleSettings, ...]:
    """Every rule of the settings in their order, also those that are off.

    Raises:
        ConfigError: one of them cannot be carried out, or wants to change a built-in one.
    """
    for rule in settings.rules.values():
        try:
            _check(rule, settings)
        except WorkbenchError as error:
            raise ConfigError(f"[[rules]] {rule.name}: {error}") from error
    return tuple(settings.rules.values())


def enabled_rules(rules: Sequence[RuleSettings], switches: Mapping[str, bool]) -> tuple[RuleSettings, ...]:
    """Those that are on: as somebody switched them, else as the settings say."""
    return tuple(rule for rule in rules if switches.get(rule.name, rule.enabled))


def open_calendar(settings: Settings, quiet_rules: QuietHoursRules) -> Calendar:
    """The business hours and the holidays of the business.

    Raises:
        ConfigError: a rule asks for holidays, and those of `default_country` are not known.
    """
    openings, timezone = business_hours(settings)
    country = settings.sending.default_country
    if country == "US":
        holidays = opt_out_clock().holidays
    else:
        rule = quiet_rules.countries.get(country or "")
        holidays = rule.holidays if rule else ()
    asks = [rule.name for rule in settings.rules.values() if rule.conditions.holiday is not None]
    if asks and not holidays:
        raise ConfigError(
            f"[[rules]] {asks[0]}: holiday needs the public holidays of [sending] default_country, which is "
            f"{country or 'not set'!r}. Those of the US and FR are built in; others go into quiet_hours.toml."
        )
    return Calendar(openings, timezone, holidays)


def _check(rule: RuleSettings, settings: Settings) -> None:
    actions, conditions = rule.actions, rule.conditions
    if rule.name in BUILT_IN_NAMES:
        raise UsageError(
            "this is a built-in rule, which cannot be changed or switched off; take another name."
        )
    if (rule.after is None) is (rule.when == "waiting_too_long"):
        raise UsageError('`after` belongs to when = "waiting_too_long", which needs it; write after = "4h".')
    if conditions.regex is not None:
        matches(conditions.regex, "")
    for language in conditions.language or ():
        if not is_known_language(language.lower()):
            raise UsageError(f"language has {language!r}; write a code of ISO 639-1, as es or fr.")
    _check_actions(rule)
    _check_reply(rule, settings.home)
    _check_people(actions)
    _check_targets(actions, settings)


def _check_actions(rule: RuleSettings) -> None:
    actions = rule.actions
    done = (
        actions.label, actions.unlabel, actions.assign, actions.round_robin, actions.state, actions.note,
        actions.hold, actions.reply, actions.notify, actions.webhook, actions.stop,
    )  # fmt: skip
    if not any(done):
        raise UsageError('does nothing: write what is done under `then`, as then = { label = ["urgent"] }.')
    for name in (*actions.label, *actions.unlabel):
        label(name, "rule")
        if name.strip().lower() == OPTED_OUT:
            raise UsageError(f"the label {OPTED_OUT!r} is put and taken off by built-in rules only.")
    if actions.hold and (actions.reply or actions.state):
        raise UsageError(f"hold sets the state pending and labels it {HELD!r}; leave reply and state out.")


def _check_reply(rule: RuleSettings, home: Path) -> None:
    if rule.actions.reply is None:
        return
    if rule.when == "opted_out":
        raise UsageError(
            "nobody who opted out is sent anything; [webhooks] opt_out_reply confirms an opt-out."
        )
    unknown = sorted(set(find_template(home, rule.actions.reply).variables) - set(BLANKS))
    if unknown:
        raise UsageError(
            f"the template {rule.actions.reply!r} has the blank {unknown[0]!r}; a rule fills "
            f"{' and '.join(BLANKS)} only. Use another template."
        )


def _check_people(actions: RuleActions) -> None:
    if actions.assign and actions.round_robin:
        raise UsageError("has assign and round_robin; a conversation is given to one person.")
    if len(set(actions.round_robin)) < len(actions.round_robin):
        raise UsageError("round_robin names somebody twice; name each once.")
    for name, hours in actions.rota.items():
        if name not in actions.round_robin:
            raise UsageError(f"rota has hours of {name!r}, who is not in round_robin.")
        parse_hours(list(hours))


def _check_targets(actions: RuleActions, settings: Settings) -> None:
    known = {*settings.alerts.targets, *(["mail"] if settings.alerts.mail_to else [])}
    for target in actions.notify:
        if target not in known:
            raise UsageError(
                f"notify has {target!r}; the targets of alerts are {', '.join(sorted(known)) or 'none yet'}."
            )

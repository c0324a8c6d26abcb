"""The rules of the settings, checked as a whole. Pure but for the templates, which are files of the home."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from workbench.automation.built_in import BUILT_IN_NAMES, OPTED_OUT
from workbench.automation.calendar import Calendar
from workbench.automation.patterns import matches
from workbench.automation.plan import HELD, RuleChecks
from workbench.compliance.checks import quiet_hours_rules
from workbench.conversations.business_hours import business_hours, parse_hours
from workbench.conversations.events import label
from workbench.conversations.owners import require_owner
from workbench.errors import ConfigError, UnknownName, UsageError, WorkbenchError
from workbench.messaging.holidays import Holiday
from workbench.messaging.languages import is_known_language
from workbench.messaging.opt_out_clock import opt_out_clock
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
    if problems := rule_problems(settings):
        raise ConfigError(problems[0])
    return tuple(settings.rules.values())


def rule_problems(settings: Settings) -> list[str]:
    """A sentence for each rule that cannot be carried out, as a check of the settings says it."""
    return [f"[[rules]] {name}: {fault}" for name, fault in rule_faults(settings).items()]


def rule_faults(settings: Settings) -> dict[str, str]:
    """What is wrong with each rule that cannot be carried out, by its name."""
    faults = {}
    for rule in settings.rules.values():
        try:
            _check_conditions(rule, settings)
            _check_actions(rule, settings)
        except WorkbenchError as error:
            faults[rule.name] = str(error)
    return faults


def rule_checks(settings: Settings) -> RuleChecks:
    """What the worker asks of each rule before it is carried out; templates may come and go meanwhile."""

    def unless_built_in(check: Callable[[RuleSettings, Settings], None]) -> Callable[[RuleSettings], None]:
        return lambda rule: None if rule.name in BUILT_IN_NAMES else check(rule, settings)

    return RuleChecks(unless_built_in(_check_conditions), unless_built_in(_check_actions))


def enabled_rules(rules: Sequence[RuleSettings], switches: Mapping[str, bool]) -> tuple[RuleSettings, ...]:
    """Those that are on: as somebody switched them, else as the settings say."""
    return tuple(rule for rule in rules if switches.get(rule.name, rule.enabled))


def open_calendar(settings: Settings) -> Calendar:
    """The business hours and the holidays of the business, as far as they can be read.

    Where they cannot, :func:`rule_faults` says so of each rule that asks for them.
    """
    try:
        openings, timezone = business_hours(settings)
    except ConfigError:
        openings, timezone = (), settings.timezone
    try:
        holidays = _holidays(settings)
    except ConfigError:
        holidays = ()
    return Calendar(openings, timezone, holidays)


def _holidays(settings: Settings) -> tuple[Holiday, ...]:
    country = settings.sending.default_country
    if country == "US":
        return opt_out_clock().holidays
    rule = quiet_hours_rules(settings.home).countries.get(country or "")
    return rule.holidays if rule else ()


def _check_conditions(rule: RuleSettings, settings: Settings) -> None:
    conditions = rule.conditions
    if (rule.after is None) is (rule.when == "waiting_too_long"):
        raise UsageError('`after` belongs to when = "waiting_too_long", which needs it; write after = "4h".')
    if conditions.regex is not None:
        matches(conditions.regex, "")
    for language in conditions.language or ():
        if not is_known_language(language.lower()):
            raise UsageError(f"language has {language!r}; write a code of ISO 639-1, as es or fr.")
    if conditions.business_hours is not None:
        business_hours(settings)
    if conditions.holiday is not None and not _holidays(settings):
        raise UsageError(
            "holiday needs the public holidays of [sending] default_country, which is "
            f"{settings.sending.default_country or 'not set'!r}. Those of the US and FR are built in; others "
            "go into quiet_hours.toml."
        )


def _check_actions(rule: RuleSettings, settings: Settings) -> None:
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
    _check_reply(rule, settings.home)
    _check_people(actions, settings)
    _check_targets(actions, settings)


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


def _check_people(actions: RuleActions, settings: Settings) -> None:
    if actions.assign and actions.round_robin:
        raise UsageError("has assign and round_robin; a conversation is given to one person or team.")
    if len(set(actions.round_robin)) < len(actions.round_robin):
        raise UsageError("round_robin names somebody twice; name each once.")
    for name, hours in actions.rota.items():
        if name not in actions.round_robin:
            raise UsageError(f"rota has hours of {name!r}, who is not in round_robin.")
        parse_hours(list(hours))
    for name in (*([actions.assign] if actions.assign else []), *actions.round_robin):
        require_owner(settings, name)
    if set(actions.round_robin) - set(actions.rota):
        business_hours(settings)


def _check_targets(actions: RuleActions, settings: Settings) -> None:
    known = {*settings.alerts.targets, *(["mail"] if settings.alerts.mail_to else [])}
    for webhook in actions.webhook:
        if webhook not in settings.events.webhooks:
            remedy = (
                f"Write [events.webhooks.{webhook}] into workbench.toml, or name another: docs/events.md."
            )
            raise UnknownName("event webhook", webhook, settings.events.webhooks, remedy=remedy)
    for target in actions.notify:
        if target not in known:
            raise UsageError(
                f"notify has {target!r}; the targets of alerts are {', '.join(sorted(known)) or 'none yet'}."
            )

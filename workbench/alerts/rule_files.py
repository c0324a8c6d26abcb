"""Rules in files of the home, which the page Explore writes: ``alert_rules/NAME.toml``.

A file has the lines of a section ``[alerts.rules.NAME]`` of workbench.toml, and the saved view that the rule
was made from. The numbers that it watches are those of the view when the file was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.alerts.built_in_rules import BUILT_IN
from workbench.alerts.rule import AlertRule
from workbench.alerts.rules import alert_rules, own_rule
from workbench.errors import ConfigError, UnknownName, UsageError
from workbench.lake.fleet.shared_files import FileChanges, change_files
from workbench.own_files import ALERT_RULES, check_name, list_own_files, read_own_file
from workbench.roles import current_actor, require_role
from workbench.settings import Settings
from workbench.settings.alerts import AlertRuleSettings
from workbench.settings.declare import InvalidValue, Setting, members
from workbench.settings.names import unknown_name
from workbench.settings.values import read_length
from workbench.views.toml_text import quoted, read_toml_text
from workbench.views.watched_view import WINDOWS, Side, WatchedView

_MINIMUM_SAMPLE = 30
_LONGEST_NAME = 40


@dataclass(frozen=True)
class RuleFile:
    """A rule of a file, and the name of the view that it was made from."""

    rule: AlertRule
    view: str


def installed_rules(settings: Settings) -> tuple[tuple[AlertRule, ...], tuple[str, ...]]:
    """Every rule that is on: those of :func:`alert_rules`, then those of files; and what is wrong with files.

    Raises:
        ConfigError: the rules of workbench.toml are wrong.
    """
    files, problems = read_rule_files(settings)
    return (*alert_rules(settings.alerts), *(each.rule for each in files)), problems


def read_rule_files(settings: Settings) -> tuple[tuple[RuleFile, ...], tuple[str, ...]]:
    """The rules of files that are on, and what is wrong with files that are none; they hide no other."""
    rules, problems = [], []
    for path in list_own_files(settings.home, ALERT_RULES):
        try:
            given, view = _read(settings, path)
            if given.enabled:
                rules.append(RuleFile(own_rule(given), view))
        except (ConfigError, UsageError) as error:
            problems.append(f"{path}: {error}")
    return tuple(rules), tuple(problems)


def read_watched_views(settings: Settings) -> tuple[tuple[WatchedView, ...], tuple[str, ...]]:
    """The alerts on views that are on, and what is wrong with files that are none, for an admin.

    Raises:
        NotAllowed: the present user is no admin.
    """
    require_role("admin", "see alerts on views")
    files, problems = read_rule_files(settings)
    return tuple(_watched(each) for each in files if each.view), problems


def watch_view(settings: Settings, wanted: WatchedView) -> WatchedView:
    """Write a rule that warns when a view's metric is above or below a limit.

    Args:
        wanted: with any name; the rule gets a free one.

    Raises:
        NotAllowed: the present user is no admin: notices go to everybody whom [alerts] names.
        UsageError, ConfigError: such a rule is not possible; says why.
    """
    require_role("admin", "make an alert")
    if wanted.window not in WINDOWS or wanted.side not in ("above", "below"):
        raise UsageError(
            f"An alert on {wanted.side!r} and {wanted.window!r} is not possible; write above or below, and "
            f"one of {', '.join(WINDOWS)}."
        )
    if any(value is None for values in wanted.where.values() for value in values):
        raise UsageError("A view that is filtered by “none” cannot be watched: leave that filter out.")
    entries: dict[str, Any] = {
        "metric": wanted.metric,
        "by": list(wanted.by),
        "where": {name: list(values) for name, values in wanted.where.items()},
        "window": wanted.window,
        wanted.side: wanted.limit,
        "minimum_sample": _MINIMUM_SAMPLE,
    }
    with _changing(settings.home) as changes:
        name = _free_name(settings, f"{wanted.view}-{wanted.side}")
        rule = own_rule(_settings_of(name, entries))
        changes.write(_path(settings.home, name), _text(wanted.view, entries))
    return _watched(RuleFile(rule, wanted.view))


def unwatch(home: Path, name: str) -> None:
    """Remove a rule that a file has; what it found ends with the next look, and nobody is told.

    Raises:
        NotAllowed: the present user is no admin.
        UnknownName: there is no such file.
    """
    require_role("admin", "end an alert")
    with _changing(home) as changes:
        known = [path.stem for path in list_own_files(home, ALERT_RULES)]
        if name not in known:
            raise UnknownName("alert rule", name, known)
        changes.remove(_path(home, name))


def _watched(file: RuleFile) -> WatchedView:
    rule = file.rule
    side: Side = "below" if rule.above is None else "above"
    limit = rule.below if rule.above is None else rule.above
    window = next((text for text in WINDOWS if read_length(text) == rule.window), "")
    where = {name: values if isinstance(values, list) else [values] for name, values in rule.where.items()}
    return WatchedView(rule.name, file.view, rule.metric, rule.by, where, side, limit, window)


def _read(settings: Settings, path: Path) -> tuple[AlertRuleSettings, str]:
    check_name(ALERT_RULES, path.stem)
    if path.stem in BUILT_IN or path.stem in settings.alerts.rules:
        raise ConfigError(f"there is a rule {path.stem!r} already; rename this file.")
    entries = dict(read_toml_text(read_own_file(settings.home, path), path.name))
    view = entries.pop("view", "")
    if not isinstance(view, str):
        raise ConfigError(f"view is {view!r}; it must be the name of a saved view, or be left out.")
    return _settings_of(path.stem, entries), view


def _settings_of(name: str, entries: Mapping[str, Any]) -> AlertRuleSettings:
    """The lines of a rule, each read as in workbench.toml.

    Raises:
        ConfigError: a line is not known, or its value is not possible.
    """
    place = ("alerts", "rules", name)
    declared = members(AlertRuleSettings, place)
    values: dict[str, Any] = {}
    for key, given in entries.items():
        member = declared.get(key)
        if member is None or not isinstance(member.declared, Setting):
            raise ConfigError(unknown_name((*place, key), list(declared)))
        try:
            values[member.field_name] = member.declared.kind.parse(given)
        except InvalidValue as error:
            raise ConfigError(f"{key} {error}") from error
    return AlertRuleSettings(name=name, **values)


def _text(view: str, entries: Mapping[str, Any]) -> str:
    head = (
        f"# An alert on a saved view, made by {current_actor()}. Its lines are those of [alerts.rules.NAME]\n"
        "# in workbench.toml: change or remove it here, or on the page.\n"
    )
    lines = [
        f"view = {quoted(view)}",
        *(f"{key} = {_toml(value)}" for key, value in entries.items() if value != {}),
    ]
    return head + "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(each)}' for key, each in value.items())} }}"
    return repr(value)


def _free_name(settings: Settings, base: str) -> str:
    taken = {path.stem for path in list_own_files(settings.home, ALERT_RULES)}
    taken |= {*BUILT_IN, *settings.alerts.rules}
    number = 1
    while True:
        ending = "" if number == 1 else f"-{number}"
        name = base[: _LONGEST_NAME - len(ending)].rstrip("-") + ending
        if name not in taken:
            return name
        number += 1


def _path(home: Path, name: str) -> Path:
    check_name(ALERT_RULES, name)
    return home / ALERT_RULES.name / f"{name}{ALERT_RULES.suffix}"


def _changing(home: Path) -> AbstractContextManager[FileChanges]:
    return change_files(home, "views.lock")

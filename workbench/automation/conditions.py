"""Which conditions of a rule do not hold for an event. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbench.automation.calendar import Calendar
from workbench.automation.patterns import matches
from workbench.automation.situation import Situation
from workbench.automation.words import fold_words, has_any, has_phrase, has_question_mark, is_one_of
from workbench.messaging.languages import language_of
from workbench.settings.rules import RuleConditions


def failing(conditions: RuleConditions, situation: Situation, calendar: Calendar) -> str | None:
    """The name of the first condition that does not hold; None where all do."""
    for name, holds in _CHECKS.items():
        wanted = getattr(conditions, name)
        if wanted is not None and not holds(wanted, situation, calendar):
            return name
    return None


def given_conditions(conditions: RuleConditions) -> dict[str, Any]:
    """The conditions that a rule states, by their names."""
    return {name: value for name in _CHECKS if (value := getattr(conditions, name)) is not None}


def _is_language(wanted: Sequence[str], situation: Situation, _: Calendar) -> bool:
    known = situation.contact_language
    language = known.partition("-")[0] if known else language_of(situation.body)
    return language is not None and language.lower() in {name.lower() for name in wanted}


def _has_label(wanted: Sequence[str], labels: frozenset[str]) -> bool:
    return any(" ".join(name.split()).lower() in labels for name in wanted)


_Check = Callable[[Any, Situation, Calendar], bool]

_CHECKS: Mapping[str, _Check] = {
    # The cheap ones first: a language is asked for last.
    "sender": lambda wanted, event, _: event.sender in wanted,
    "service": lambda wanted, event, _: event.conversation.service in wanted,
    "country": lambda wanted, event, _: event.country in wanted,
    "state": lambda wanted, event, _: event.state in wanted,
    "first_message": lambda wanted, event, _: event.is_first_message is wanted,
    "media": lambda wanted, event, _: (event.media > 0) is wanted,
    "question": lambda wanted, event, _: has_question_mark(event.body) is wanted,
    "after_answer": lambda wanted, event, _: event.is_after_answer is wanted,
    "contact_label": lambda wanted, event, _: _has_label(wanted, event.contact_labels),
    "label": lambda wanted, event, _: _has_label(wanted, event.labels),
    "business_hours": lambda wanted, event, calendar: calendar.is_open(event.at) is wanted,
    "holiday": lambda wanted, event, calendar: calendar.is_holiday(event.at) is wanted,
    "keyword": lambda wanted, event, _: is_one_of(fold_words(event.body), wanted),
    "any_words": lambda wanted, event, _: has_any(fold_words(event.body), wanted),
    "all_words": lambda wanted, event, _: all(
        has_phrase(folded, phrase) for folded in [fold_words(event.body)] for phrase in wanted
    ),
    "regex": lambda wanted, event, _: matches(wanted, event.body),
    "language": _is_language,
}

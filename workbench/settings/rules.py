"""The entries `[[rules]]` of workbench.toml: when something happens and all conditions hold, what is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.settings.declare import InvalidValue, Kind, file_only, required, section, setting
from workbench.settings.kinds import check_entry_name, choice, flag, refused, table, text, texts, whole

RULE_EVENTS = (
    "message_received", "opted_out", "answer_failed", "waiting_too_long", "conversation_created",
    "conversation_reopened",
)  # fmt: skip
RULE_STATES = ("open", "pending", "snoozed", "resolved")
SETTABLE_STATES = ("open", "pending", "resolved")

BUILT_IN_RULES = (
    "opt-out-label", "opt-in-label", "opt-out-block", "opt-out-confirm", "keyword-silence",
)  # fmt: skip
"""Names that no rule of the settings may take; :mod:`workbench.automation.built_in` has these rules."""

_LENGTH = r"[1-9]\d{0,4}[mhd]"


def _listed(allowed: str, pattern: str = "", longest: int = 120) -> Kind:
    item = text(allowed, pattern, longest=longest)
    return file_only(texts(allowed, item.parse, or_one=True, may_be_empty=False))


def _states() -> Kind:
    return file_only(texts('a list of states, as ["open"]', choice(*RULE_STATES).parse, or_one=True))


def _hours() -> Kind:
    allowed = 'hours by name, as { ana = "Mon-Fri 09:00-13:00" }'

    def entry(name: str, value: object) -> tuple[str, tuple[str, ...]]:
        lines = [value] if isinstance(value, str) else value
        if not isinstance(lines, list) or not lines or not all(isinstance(line, str) for line in lines):
            raise InvalidValue(str(refused(value, allowed)), name)
        return name, tuple(lines)

    return table(allowed, entry)


@dataclass(frozen=True, eq=False, repr=False)
class RuleConditions:
    """What must hold, all of it; what is not given holds always."""

    keyword: tuple[str, ...] | None = setting(
        None, _listed('a list of words, as ["PRICE"]'),
        "The whole message is one of these words.", example='["PRICE"]',
    )  # fmt: skip
    any_words: tuple[str, ...] | None = setting(
        None, _listed('a list of words, as ["refund", "money back"]'),
        "One of these whole words or phrases is in it, whatever the case and accents.",
        example='["refund", "money back"]',
    )  # fmt: skip
    all_words: tuple[str, ...] | None = setting(
        None, _listed('a list of words, as ["refund", "order"]'), "All of these are in it.",
        example='["refund", "order"]',
    )  # fmt: skip
    regex: str | None = setting(
        None, file_only(text("a regular expression of RE2", longest=500)),
        "This regular expression (RE2, case does not matter) is in it.", example="'order\\s+\\d{5}'",
    )  # fmt: skip
    language: tuple[str, ...] | None = setting(
        None, _listed('a list of languages, as ["es", "fr"]', "[a-zA-Z]{2,3}"),
        "It is in one of these languages: what the contact's page says, else what the text shows clearly.",
        example='["es"]',
    )  # fmt: skip
    sender: tuple[str, ...] | None = setting(
        None, _listed('a list of our addresses, as ["+12025550110"]'), "It came to one of these senders.",
        example='["+12025550110"]',
    )  # fmt: skip
    service: tuple[str, ...] | None = setting(
        None, _listed("a list of SIDs of messaging services", "MG[0-9a-fA-F]{32}"),
        "It came to one of these messaging services.", example=f'["MG{"0" * 32}"]',
    )  # fmt: skip
    contact_label: tuple[str, ...] | None = setting(
        None, _listed('a list of labels, as ["vip"]'), "The contact has one of these labels.",
        example='["vip"]',
    )  # fmt: skip
    label: tuple[str, ...] | None = setting(
        None, _listed('a list of labels, as ["billing"]'), "The conversation has one of these labels.",
        example='["billing"]',
    )  # fmt: skip
    country: tuple[str, ...] | None = setting(
        None, _listed('a list of countries, as ["US"]', "[A-Z]{2}"), "Their number is of one of these.",
        example='["US"]',
    )  # fmt: skip
    business_hours: bool | None = setting(
        None, file_only(flag()), "It came within (true) or outside of (false) the business hours.",
        example="false",
    )  # fmt: skip
    holiday: bool | None = setting(
        None, file_only(flag()), "That day is (true) or is no (false) public holiday of `default_country`.",
        example="true",
    )  # fmt: skip
    state: tuple[str, ...] | None = setting(
        None, _states(), "The conversation has one of these states.", example='["open"]'
    )
    first_message: bool | None = setting(
        None, file_only(flag()), "It is (true) or is not (false) the first message this contact ever wrote.",
        example="true",
    )  # fmt: skip
    question: bool | None = setting(
        None, file_only(flag()), "It has (true) or has no (false) question mark, of whatever script.",
        example="false",
    )  # fmt: skip
    after_answer: bool | None = setting(
        None, file_only(flag()),
        "The message before it is (true) or is not (false) an answer of a person here.", example="true",
    )  # fmt: skip
    media: bool | None = setting(
        None, file_only(flag()), "It has (true) or has no (false) attachment.", example="true"
    )


@dataclass(frozen=True, eq=False, repr=False)
class RuleActions:
    """What is done, in this order."""

    label: tuple[str, ...] = setting(
        (), _listed('a list of labels, as ["after hours"]'), "Labels that the conversation gets.",
        example='["after hours"]',
    )  # fmt: skip
    unlabel: tuple[str, ...] = setting(
        (), _listed('a list of labels, as ["vip"]'), "Labels that it loses.", example='["new"]'
    )
    assign: str | None = setting(
        None, file_only(text("a name", longest=60)), "Which person or team gets it.", example='"ana"'
    )
    round_robin: tuple[str, ...] = setting(
        (), _listed('a list of names, as ["ana", "ben"]', longest=60),
        "Who gets it in turn: the next of these people or teams that is on duty.", example='["ana", "ben"]',
    )  # fmt: skip
    rota: Mapping[str, tuple[str, ...]] = setting(
        {}, _hours(), "When each of them is on duty; by default in the business hours.",
        example='{ ana = "Mon-Fri 09:00-13:00" }',
    )  # fmt: skip
    state: str | None = setting(
        None, file_only(choice(*SETTABLE_STATES)), "The state that it gets.", example='"pending"'
    )
    note: str | None = setting(
        None, file_only(text("a text of at most 1000 characters", longest=1000)),
        "A private note; it is never sent.", example='"Came after hours."',
    )  # fmt: skip
    hold: bool = setting(
        False, file_only(flag()),
        "Hold it for review: pending, labelled `held`, and no rule answers it automatically.",
    )  # fmt: skip
    reply: str | None = setting(
        None, file_only(text("the name of a template, as `workbench templates list` names them")),
        "The template that is sent as an automatic answer.", example='"after-hours"',
    )  # fmt: skip
    reply_every: str = setting(
        "24h", file_only(text('a length of time, as "24h" or "7d"', _LENGTH)),
        "A contact gets at most one answer of this rule in this time.",
    )  # fmt: skip
    replies_per_day: int = setting(
        200,
        file_only(whole(1, 100_000)),
        "Cap on the answers of this rule in 24 hours, all contacts together.",
    )
    in_quiet_hours: str = setting(
        "skip", file_only(choice("skip", "later")),
        "What becomes of an answer in the contact's quiet hours: none, or when they are over, within a day.",
    )  # fmt: skip
    notify: tuple[str, ...] = setting(
        (), _listed('a list of targets of alerts, as ["ops"]'), "Targets of [alert_targets], or `mail`.",
        example='["ops"]',
    )  # fmt: skip
    webhook: tuple[str, ...] = setting(
        (), _listed("a list of names of event webhooks"), "Event webhooks that are told that the rule fired.",
        example='["shop"]',
    )  # fmt: skip
    stop: bool = setting(False, file_only(flag()), "No later rule looks at the same event.")


@dataclass(frozen=True, eq=False, repr=False)
class RuleSettings:
    """One rule; they are asked in the order of the file."""

    name: str = required(
        file_only(text("a name in quotes")),
        "Its name, in the audit trail, too.", example='"after-hours"',
    )  # fmt: skip
    when: str = required(file_only(choice(*RULE_EVENTS)), "What must happen.", example='"message_received"')
    enabled: bool = setting(
        True,
        file_only(flag()),
        "Whether it is on, until `workbench rules enable` or `disable` says otherwise.",
    )
    after: str | None = setting(
        None, file_only(text('a length of time, as "30m", "4h" or "2d"', _LENGTH)),
        "With `waiting_too_long`: how long the contact has been waiting.", example='"4h"',
    )  # fmt: skip
    conditions: RuleConditions = section(RuleConditions, "All of these must hold.", key="if")
    actions: RuleActions = section(RuleActions, "What is done then.", key="then")


def check_rule_name(name: str) -> str:
    """The name of a rule, as `[[rules]]` may have it."""
    if name in BUILT_IN_RULES:
        raise InvalidValue("is a built-in rule, which cannot be changed or switched off; take another name.")
    return check_entry_name(name)

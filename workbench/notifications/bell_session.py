"""Answers the bell of one page: what is unread, what shall be shown now, and the person's own choices."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from workbench.browser.bell import BELL_QUESTIONS, AddressQuestion, BellNews, BellNotice, ChooseQuestion
from workbench.browser.inbox_questions import Nothing
from workbench.conversations.answering import answer_question
from workbench.conversations.people import people
from workbench.display.formats import plural
from workbench.display.moments import short_time
from workbench.errors import NotAllowed, UsageError
from workbench.lake import Lake
from workbench.lake.notifications import (
    Notification,
    read_answered,
    read_choices,
    read_undelivered,
    read_unread,
)
from workbench.notifications.addresses import read_addresses
from workbench.notifications.change import change_address, change_choice
from workbench.notifications.choices import TEXT, NotificationChoice, choice_of
from workbench.notifications.decide import still_waiting
from workbench.notifications.deliver import tell_test
from workbench.notifications.due import is_held, is_quiet_for
from workbench.notifications.happenings import Described, describe
from workbench.notifications.words import sentence, shown_text
from workbench.roles import current_user
from workbench.settings import Settings

Answer = dict[str, Any]

_MOST_NOTICES = 20
_MOST_TROUBLES = 3


class BellSession:
    """Answers one browser. Safe to call from several threads.

    Args:
        lock: kept_back while the lake is asked, because two readers of one process slow each other down.
    """

    def __init__(
        self, lake: Lake, settings: Settings, lock: AbstractContextManager[Any] | None = None
    ) -> None:
        self._lake, self._settings = lake, settings
        self._lock = lock or threading.RLock()
        self._said: BellNews | None = None
        self._described: dict[str, Described] = {}

    def answer(self, question: object) -> Answer:
        """The answer to one question; an error or a refusal is in it, nothing is raised."""
        return answer_question(question, "notifications", BELL_QUESTIONS, self._handle)

    def news(self) -> BellNews | None:
        """What is unread, if that is not what this browser was told last."""
        news = self._news()
        if news == self._said:
            return None
        self._said = news
        return news

    def _handle(self, name: str, fields: Any) -> Answer:
        if name == "test":
            # It waits for a mail server or a service, and nobody else shall.
            return self._test(fields)
        with self._lock:
            return _HANDLERS[name](self, fields)

    def _start(self, question: Nothing) -> Answer:
        self._said = self._news()
        return {"choices": self._choices(), "news": self._said, "now": datetime.now(UTC).isoformat()}

    def _choose(self, question: ChooseQuestion) -> Answer:
        change_choice(self._lake, self._settings, self._person(), {question["name"]: question["value"]})
        return self._choices()

    def _address(self, question: AddressQuestion) -> Answer:
        change_address(self._lake, self._settings, self._person(), question["value"])
        return self._choices()

    def _test(self, question: Nothing) -> Answer:
        answers = tell_test(self._lake, self._settings, self._person(), datetime.now(UTC))
        if not answers:
            raise UsageError("Neither mail nor apprise is on for you, so there is nothing to test there.")
        words = [f"{way}: {answer.outcome} ({answer.detail})" for way, answer in answers.items()]
        return {"text": "; ".join(words), **self._choices()}

    def _person(self) -> str:
        person = current_user().name
        if person not in people(self._settings, [person]):
            raise NotAllowed("Only somebody who signs in here is told anything: sign in again.")
        return person

    def _choice(self) -> NotificationChoice:
        person = self._person()
        return choice_of(self._settings, person, read_choices(self._lake).get(person, {}))

    def _choices(self) -> Answer:
        """The person's choices, and what went wrong lately."""
        person, choice, now = self._person(), self._choice(), datetime.now(UTC)
        lately = read_undelivered(self._lake, now, person)[:_MOST_TROUBLES]
        return {
            "messages": choice.messages,
            "assigned": choice.assigned,
            "mentions": choice.mentions,
            "browser": choice.browser,
            "mail": choice.mail,
            "mail_to": choice.mail_to,
            "apprise": choice.apprise,
            "has_address": person in read_addresses(self._settings.home),
            "quiet": ", ".join(choice.quiet),
            "timezone": choice.timezone,
            "urgent": list(choice.urgent),
            "outside": choice.outside,
            "may_text": self._settings.notifications.text_outside,
            "troubles": [
                f"{short_time(each.claimed_at, now, choice.timezone)}, {each.way}: {each.detail}"
                for each in lately
            ],
        }

    def _news(self) -> BellNews:
        with self._lock:
            choice, now = self._choice(), datetime.now(UTC)
            unread = read_unread(self._lake, now, self._person())
            waiting = still_waiting(unread, read_answered(self._lake, unread))
            shown = [each for each in waiting if choice.browser and not is_quiet_for(choice, each, now)]
            described = self._describe(choice, {each.conversation_id for each in shown[-_MOST_NOTICES:]})
        return {
            "unread": len({each.conversation_id for each in waiting}),
            "notices": browser_notices(choice, shown, described),
        }

    def _describe(self, choice: NotificationChoice, conversations: set[str]) -> Mapping[str, Described]:
        """These conversations in words; whose they are is asked once, their texts each time."""
        if choice.outside == TEXT:
            return describe(self._lake, conversations, with_text=True)
        self._described |= describe(self._lake, conversations - set(self._described))
        return self._described


def browser_notices(
    choice: NotificationChoice, shown: Sequence[Notification], described: Mapping[str, Described]
) -> list[BellNotice]:
    """What a browser may show now, the oldest first; what came in a quiet time is one summary. Pure.

    Args:
        shown: what is waiting, and not to be kept back by a quiet time of this moment.
    """
    kept_back = [each for each in shown if is_held(choice, each)]
    alone = [each for each in shown if each not in kept_back] if len(kept_back) > 1 else list(shown)
    notices = [_notice(choice, each, described) for each in alone[-_MOST_NOTICES:]]
    if len(kept_back) > 1:
        events = sum(each.events for each in kept_back)
        notices.append(
            {
                "id": f"quiet-{kept_back[-1].notification_id}",
                "title": f"{plural(events, 'notification')} from your quiet time",
                "text": "",
                "conversation": "",
                "events": 1,
                "at": kept_back[-1].noted_at.isoformat(),
            }
        )
    return notices


def _notice(
    choice: NotificationChoice, notification: Notification, described: Mapping[str, Described]
) -> BellNotice:
    about = described.get(notification.conversation_id)
    has_text = notification.kind == "message" and choice.outside == TEXT and about is not None
    return {
        "id": notification.notification_id,
        "title": sentence(
            notification.kind, notification.events, about if choice.outside != "nothing" else None
        ),
        "text": shown_text(about.text) if has_text and about else "",
        "conversation": notification.conversation_id,
        "events": notification.events,
        "at": notification.noted_at.isoformat(),
    }


_HANDLERS: Mapping[str, Callable[[BellSession, Any], Answer]] = {
    "start": BellSession._start,
    "choose": BellSession._choose,
    "address": BellSession._address,
}

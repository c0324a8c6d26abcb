"""The questions of the composer of a batch, and its answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NotRequired, TypedDict

from workbench.browser.inbox_answers import PreflightReason
from workbench.browser.inbox_questions import CheckQuestion, Nothing, Text
from workbench.browser.schema import MaxLength


class ComposerSendQuestion(TypedDict):
    """``typed`` is the number of recipients, as the person typed it."""

    body: Text
    typed: Annotated[str, MaxLength(40)]


COMPOSER_QUESTIONS: Mapping[str, Any] = {
    "start": Nothing,
    "check": CheckQuestion,
    "send": ComposerSendQuestion,
    "progress": Nothing,
    "stop": Nothing,
}


class ComposerProgress(TypedDict, total=False):
    done: int
    total: int
    eta: float | None


class ComposerResult(TypedDict):
    counts: dict[str, int]
    text: str
    failed: NotRequired[bool]


class ProgressAnswer(TypedDict):
    running: bool
    progress: ComposerProgress
    result: ComposerResult | None


class ComposerStartAnswer(ProgressAnswer):
    count: int
    columns: list[str]
    text: str


class Preview(TypedDict):
    to: str
    text: str
    segments: int


class CountedReason(PreflightReason):
    count: int


class ComposerCheckAnswer(TypedDict):
    """What preflight says of a text to all recipients; ``sent`` got the same text before."""

    verdicts: dict[str, int]
    going: int
    sent: int
    segments: int
    costs: list[str]
    unpriced: int
    reasons: list[CountedReason]
    previews: list[Preview]


COMPOSER_ANSWERS: Mapping[str, Any] = {
    "start": ComposerStartAnswer,
    "check": ComposerCheckAnswer,
    "send": ProgressAnswer,
    "progress": ProgressAnswer,
    "stop": ProgressAnswer,
}

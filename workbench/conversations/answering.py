"""Answers one question from a browser: who may ask it, whether it is well formed, and what to say if not.

The same for the inbox and for the composer. A browser is not trusted: nothing that it sends is raised here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from workbench.browser.schema import check
from workbench.errors import UsageError, WorkbenchError
from workbench.roles import require_role

log = logging.getLogger(__name__)

_LONGEST_ID = 64
#: The role that a question needs, and the words for its refusal; every other question needs a viewer.
_NEEDED = {
    "inbox": {
        "begin": ("agent", "begin a conversation"),
        "send": ("agent", "send a message"),
        "draft": ("agent", "write an answer"),
        "attach": ("agent", "attach a file"),
        "detach": ("agent", "attach a file"),
        "reply_file": ("agent", "write an answer"),
        "status": ("agent", "write an answer"),
        "unsend": ("agent", "take an answer back"),
        "call_off": ("agent", "take an answer back"),
        "decide": ("agent", "decide about a conversation"),
        "bulk": ("agent", "decide about conversations"),
        "undo": ("agent", "decide about conversations"),
        "contact": ("agent", "change a contact"),
        "reveal": ("agent", "reveal a number"),
    },
    "notifications": {},
}


def answer_question(
    question: object, who: str, kinds: Mapping[str, Any], handle: Callable[[str, Any], dict[str, Any]]
) -> dict[str, Any]:
    """The answer, with the question's id and either ``ok`` or ``error``; nothing is raised.

    Args:
        question: what came from the browser, of any form.
        who: who answers, ``inbox`` or ``composer``.
        kinds: the TypedDict of each question's fields, by the question's name.
        handle: answers a question that is well formed and allowed: its name and its fields.
    """
    number = _id_of(question)
    try:
        name, fields = _read(question, who, kinds)
        return {"id": number, "ok": handle(name, fields)}
    except WorkbenchError as error:
        return {"id": number, "error": str(error)}
    except Exception as error:
        log.error("the %s could not answer", who, exc_info=error)
        return {"id": number, "error": "This did not work. The reason is in the log."}


def _read(question: object, who: str, kinds: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if not isinstance(question, dict):
        raise UsageError(f"The {who} takes questions as objects; reload the page.")
    if _id_of(question) != question.get("id"):
        raise UsageError(f"The id of a question is a text of at most {_LONGEST_ID} characters, or a number.")
    name = question.get("ask")
    if not isinstance(name, str) or name not in kinds:
        raise UsageError(f"The {who} does not know the question {_short(name)}; reload the page.")
    if who in _NEEDED:
        require_role(*_NEEDED[who].get(name, ("viewer", f"read the {who}")))
    fields = {key: value for key, value in question.items() if key not in ("id", "ask")}
    check(kinds[name], fields, f"the question {name!r}")
    return name, fields


def _id_of(question: object) -> Any:
    """The id to answer with; None where there is none that can be sent back."""
    number = question.get("id") if isinstance(question, dict) else None
    is_text = isinstance(number, str) and len(number) <= _LONGEST_ID and number.isprintable()
    is_number = isinstance(number, int) and not isinstance(number, bool) and abs(number) < 2**53
    return number if is_text or is_number else None


def _short(name: object) -> str:
    text = ascii(name)
    return text if len(text) <= 60 else f"{text[:60]}…"

"""Content templates (content v1): what they may look like, and how a message's text is made of one.

A variable is `{{1}}` or `{{name}}`. Its value is that of the request's ContentVariables, else the template's
default; a variable with neither, and an empty value, are refused with 21656.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from workbench.simulator.account.recipients import refuse
from workbench.simulator.errors import ApiError

Content = Mapping[str, Any]

LONGEST_VARIABLE_NAME, MOST_VARIABLES = 16, 100
_VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")
_NAME = re.compile(r"\w{1,16}")
_SMS_TYPES = ("twilio/text", "twilio/media")


def render(content: Content | None, sid: str, variables: str, channel: str) -> tuple[str, list[str]]:
    """The body and the media of a message that is made of a template.

    Args:
        content: the template; None if the account has none with this SID.
        variables: the request's ContentVariables, a JSON object or nothing.
        channel: "sms", "whatsapp" and so on; SMS takes the plainest of the template's types.

    Raises:
        ApiError: 400 with 21655 (no such template) or 21656 (wrong or missing variables).
    """
    if content is None:
        raise refuse(21655, f"The ContentSid {sid} is Invalid.")
    types: Mapping[str, Any] = content["types"]
    plain = next((name for name in _SMS_TYPES if name in types), None) if channel == "sms" else None
    chosen = types[plain or next(iter(types))]
    values = {**content["variables"], **_values(variables)}
    body = _fill(chosen.get("body") or chosen.get("title") or "", values)
    return body, [_fill(url, values) for url in chosen.get("media") or ()]


def _values(text: str) -> dict[str, str]:
    try:
        values = orjson.loads(text) if text else {}
    except orjson.JSONDecodeError as error:
        raise refuse(21656, "The ContentVariables parameter is no JSON.") from error
    if not isinstance(values, dict):
        raise refuse(21656, "The ContentVariables parameter is no JSON object.")
    for name, value in values.items():
        if not isinstance(value, str) or not value:
            raise refuse(21656, f"The content variable {name} has no text as its value.")
    return values


def _fill(text: str, values: Mapping[str, str]) -> str:
    def value(braces: re.Match[str]) -> str:
        name = braces[1]
        if not values.get(name):
            raise refuse(21656, f"The content variable {name or '{{}}'} has no value and no default.")
        return values[name]

    return _VARIABLE.sub(value, text)


def read_content(posted: bytes) -> dict[str, Any]:
    """The template that a create request describes: friendly_name, language, variables, types.

    Raises:
        ApiError: 400/20001 if it is none.
    """
    try:
        content = orjson.loads(posted)
    except orjson.JSONDecodeError as error:
        raise ApiError(400, 20001, "The body of the request is no JSON.") from error
    if not isinstance(content, dict) or not isinstance(content.get("language"), str):
        raise ApiError(400, 20001, "language is required.")
    variables = content.get("variables") or {}
    if not isinstance(variables, dict) or len(variables) > MOST_VARIABLES:
        raise ApiError(400, 20001, f"variables is an object of at most {MOST_VARIABLES} texts.")
    for name, value in variables.items():
        if not _NAME.fullmatch(name) or not isinstance(value, str):
            raise ApiError(400, 20001, f"The variable {name!r} is no name of 1 to 16 characters with a text.")
    return {
        "friendly_name": content.get("friendly_name"),
        "language": content["language"],
        "types": _read_types(content.get("types")),
        "variables": variables,
    }


UNSUBMITTED = {"status": "unsubmitted", "name": "", "category": "", "rejection_reason": ""}


def read_approval(posted: bytes) -> dict[str, str]:
    """What WhatsApp makes of a template that is submitted: it decides at once, by the name.

    A name with "reject" is rejected, one with "wait" stays pending, any other is approved.

    Raises:
        ApiError: 400/20001 if name or category is missing.
    """
    try:
        wanted = orjson.loads(posted)
    except orjson.JSONDecodeError as error:
        raise ApiError(400, 20001, "The body of the request is no JSON.") from error
    if not isinstance(wanted, dict) or not all(
        isinstance(wanted.get(key), str) for key in ("name", "category")
    ):
        raise ApiError(400, 20001, "name and category are required.")
    name = wanted["name"]
    status = "rejected" if "reject" in name else "pending" if "wait" in name else "approved"
    reason = "The simulated WhatsApp rejects this name." if status == "rejected" else ""
    return {"status": status, "name": name, "category": wanted["category"], "rejection_reason": reason}


def _read_types(types: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(types, dict) or not types:
        raise ApiError(400, 20001, "types is required: at least one type of content.")
    for name, part in types.items():
        if not isinstance(part, dict):
            raise ApiError(400, 20001, f"The type {name!r} is no object.")
        media = part.get("media") or []
        if not isinstance(media, list) or not all(isinstance(url, str) for url in media):
            raise ApiError(400, 20001, f"media of the type {name!r} is no list of addresses.")
        if not all(isinstance(part.get(text) or "", str) for text in ("body", "title")):
            raise ApiError(400, 20001, f"body and title of the type {name!r} are texts.")
    return types

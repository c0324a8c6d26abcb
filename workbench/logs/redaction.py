"""What of a log record may be written: no number, no text of a message, no secret, whoever logs.

Two sources are told apart. What we log is written by us around names, counts and errors: numbers, secrets
and whatever stands in quotation marks are taken out of it. What a library logs may hold anything: of it
stands the text that its code contains, with counts; the values in it are left out, and so is the text of an
error that is not ours. Where it was logged and where an error was raised is always there.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType, FrameType
from typing import Any

from workbench.errors import WorkbenchError
from workbench.messaging.number_masking import mask_numbers
from workbench.settings.known_secrets import without_secrets

LEFT_OUT = "…"
_OUR_LOGGERS = ("workbench", "dashboards")
_MOST_COUNTED = 1_000_000
_QUOTED = re.compile(r"(?<!\w)'(?:[^'\\]|\\.)*'(?!\w)|\"(?:[^\"\\]|\\.)*\"|“[^”]*”")
#: A hexadecimal key or token that is no SID, and values that are called a secret.
_KEY = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{32,}(?![0-9A-Za-z])")
#: A token of a program, whole or cut off.
_TOKEN = re.compile(r"wbt_[0-9a-zA-Z]*")
_CALLED_SECRET = re.compile(
    r"(?i)\b(authorization|(?:\w*_)?(?:token|secret|password)|x-twilio-signature)(['\"]?\s*[=:]\s*['\"]?)"
    r"(?:(basic|bearer) )?[^\s'\"&,;)]+"
)
_PLAIN_WORD = re.compile(r"GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|HTTP/[0-9.]{1,3}")
_URL = re.compile(r"https?://[A-Za-z0-9.:\-\[\]]+")


class Redaction:
    """Makes records fit to be written.

    Args:
        secrets: texts that are never written.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = frozenset(secrets)

    def text(self, text: str) -> str:
        """A text of our own without numbers and secrets."""
        text = without_secrets(text, self._secrets)
        text = _TOKEN.sub("***", text)
        text = _CALLED_SECRET.sub(lambda match: f"{match[1]}{match[2]}***", text)
        return mask_numbers(_KEY.sub("***", text))

    def message(self, record: logging.LogRecord) -> str:
        """What a record says."""
        is_ours = record.name.partition(".")[0] in _OUR_LOGGERS
        if isinstance(record.msg, BaseException):
            return self.error(record.msg)
        template = str(record.msg)
        if not is_ours and not _is_written_in_code(template, record):
            return f"{LEFT_OUT} ({record.module}:{record.lineno})"
        value_of = self._own_value if is_ours else self._foreign_value
        try:
            message = template % _converted(record.args, value_of) if record.args else template
        except (TypeError, ValueError, KeyError):
            # A template asks for a number where something else came.
            message = template
        return self.text(message)

    def error(self, error: BaseException) -> str:
        """An error in a line: our own say what happened, of others only the kind is known to be safe."""
        if isinstance(error, WorkbenchError):
            return self.text(_QUOTED.sub(LEFT_OUT, _without_cause(error)))
        if isinstance(error, OSError) and error.strerror:
            return f"{_kind(error)}: {self.text(error.strerror)}"
        if isinstance(error, ImportError | AttributeError | NameError) and _is_name(error.name):
            return f"{_kind(error)}: {error.name}"
        return _kind(error)

    def traceback(self, error: BaseException) -> list[str]:
        """Where an error was raised, and the errors before it, without what they say of values."""
        lines: list[str] = []
        for number, each in enumerate(_chain(error)):
            lines.append("Traceback (most recent call last):" if not number else "which was raised by:")
            trace = each.__traceback__
            while trace is not None:
                code = trace.tb_frame.f_code
                lines.append(f"  {self.text(code.co_filename)}:{trace.tb_lineno} in {code.co_name}")
                trace = trace.tb_next
            text = self.error(each)
            lines.append(f"{_kind(each)}: {text}" if isinstance(each, WorkbenchError) else text)
        return lines

    def _own_value(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, BaseException):
            return self.error(value)
        # A text in quotation marks is what somebody gave.
        return self.text(_QUOTED.sub(LEFT_OUT, str(value)))

    def _foreign_value(self, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return value if abs(value) < _MOST_COUNTED else LEFT_OUT
        if isinstance(value, BaseException):
            return _kind(value)
        text = str(value)
        if _PLAIN_WORD.fullmatch(text):
            return text
        return url[0] if (url := _URL.match(text)) else LEFT_OUT


def _converted(arguments: Any, value_of: Any) -> Any:
    if isinstance(arguments, Mapping):
        return {name: value_of(value) for name, value in arguments.items()}
    return tuple(map(value_of, arguments))


def _is_written_in_code(template: str, record: logging.LogRecord) -> bool:
    """Whether a text stands as it is in the code that logs it, so that no value was put into it."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename == record.pathname and frame.f_code.co_name == record.funcName:
            return template in _texts_of(frame.f_code)
        frame = frame.f_back
    return False


def _texts_of(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, tuple):
            yield from (item for item in constant if isinstance(item, str))


def _without_cause(error: BaseException) -> str:
    """Our error's text without what an error of somebody else, which it was made from, said."""
    text, cause = str(error), error.__cause__ or error.__context__
    if cause is None or isinstance(cause, WorkbenchError | OSError):
        return text
    parts = {str(cause), " ".join(str(cause).split()), *re.split(r"\n|: ", str(cause))}
    for part in sorted((part.strip() for part in parts), key=len, reverse=True):
        if len(part) > 2:
            text = text.replace(part, LEFT_OUT)
    return text


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)


def _is_name(name: object) -> bool:
    """Whether this is a name in code."""
    return isinstance(name, str) and all(part.isidentifier() for part in name.split("."))


def _kind(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"

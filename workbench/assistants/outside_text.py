"""Texts that others wrote, made fit for a language model to read as data. Pure.

A body may say "ignore your instructions" or look like the end of a result. It cannot be made harmless by
filtering words, so it stays readable, stands in a field whose name begins with `untrusted_`, and has nothing
in it that ends a field or is unseen: no control character, no invisible one, no angle bracket.
"""

from __future__ import annotations

import re
from typing import Any

from workbench.display.control_characters import shown_as_text
from workbench.messaging.number_masking import mask_numbers

LONGEST_TEXT = 4_000
"""Of a body; Twilio allows 1,600 characters, and 4,096 on WhatsApp."""

#: Angle brackets and what looks like them: the marks of a prompt are written with them.
_BRACKETS = str.maketrans(
    {**dict.fromkeys("<＜﹤〈⟨❮⧼", "‹"), **dict.fromkeys(">＞﹥〉⟩❯⧽", "›")}
)  # fmt: skip
#: Characters without a shape, which carry hidden words: tags, second variation selectors, zero widths.
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2060-\u206f"
                     "\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]")  # fmt: skip
_PROMPT_MARK = re.compile(r"\[(/?)(INST|SYS|SYSTEM|TOOL|USER|ASSISTANT)\]", re.IGNORECASE)


def outside_text(text: str | None, *, is_masked: bool = True, longest: int = LONGEST_TEXT) -> str | None:
    """A text of others as an assistant gets it; None stays None.

    Args:
        is_masked: phone numbers in it are masked.
        longest: what is longer ends in `… (N more characters)`.
    """
    if text is None:
        return None
    shown = mask_numbers(text) if is_masked else text
    if len(shown) > longest:
        shown = f"{shown[:longest]}… ({len(shown) - longest:,} more characters)"
    shown = _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", shown_as_text(shown))
    return _PROMPT_MARK.sub(r"‹\1\2›", shown.translate(_BRACKETS))


def outside_value(value: Any, *, is_masked: bool) -> Any:
    """A cell of a result as JSON has it: texts as :func:`outside_text`, numbers as they are."""
    if isinstance(value, str):
        return outside_text(value, is_masked=is_masked)
    if isinstance(value, list | tuple):
        return [outside_value(item, is_masked=is_masked) for item in value]
    if isinstance(value, dict):
        return {str(key): outside_value(item, is_masked=is_masked) for key, item in value.items()}
    return value

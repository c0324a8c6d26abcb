"""The language of a text, where it is clear. A short text is often not: `ok`, `hola` and a name say little.

py3langid (a model trained on 100 languages) states a probability. Below :data:`CLEAR` nothing is said, and a
condition on the language does not hold. Close relatives (Russian and Bulgarian, Norwegian and Danish,
Spanish and Galician) are unclear most often.
"""

from __future__ import annotations

import re
import threading
from functools import cache
from typing import Any

CLEAR = 0.5
_FEWEST_LETTERS = 6
_MOST_CHARACTERS = 1600
_lock = threading.Lock()


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def language_of(text: str) -> str | None:
    """Its language as ISO 639 has it, such as ``es``; None where that is not clear."""
    words = re.sub(r"\S*(?:://|@)\S*|\d+", " ", text[:_MOST_CHARACTERS])
    if sum(sign.isalpha() for sign in words) < _FEWEST_LETTERS and words.isascii():
        return None
    with _lock:
        language, probability = _identifier().classify(words)
    return str(language) if probability >= CLEAR else None


def is_known_language(language: str) -> bool:
    """Whether the model knows it."""
    return language in _identifier().labels

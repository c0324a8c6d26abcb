"""Groups texts by template: texts with the same words around blanks that differ. Pure.

There are two steps. First, the lake masks the certain blanks of each text (links, addresses, anything with a
digit, the name after a greeting), so a million texts become some thousands of *skeletons*. Then this module
joins skeletons that share most of their words in the same order into one *template*, with a blank wherever
they differ: "we are packing your kettle now" and "we are packing your desk lamp now" are one. It is a guess
from the texts alone; the same texts always give the same answer.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

BLANK = "⟨…⟩"

#: What the lake masks in each text, as a regular expression for its engine (RE2).
BLANKS = (
    r"(?:https?://|www\.)\S+|\S+@\S+\.\S+"  # links and addresses
    r"|\+?[\p{L}\d]*\d[\p{L}\d]*(?:[.,:/-][\p{L}\d]*\d[\p{L}\d]*)*"  # numbers, codes, times, amounts
)
GREETED = (
    r"\b(Hi|Hello|Hey|Dear|Hallo|Hola|Bonjour|Ciao|Liebe|Lieber|Beste|Estimado|Estimada) \p{Lu}[\p{L}'-]+"
)

_SHARED = 0.6
"""Two texts share a template if they share at least this part of the longer text's fixed words, in order."""
_FEWEST_WORDS = 3
_COMPARED = 40
"""How many templates with the same beginning or end a skeleton is compared with, the first found first."""


@dataclass
class TextTemplate:
    """The words that all texts of a template share, in order, with a blank for everything else.

    ``longest`` counts the fixed words of its longest text. ``start`` and ``end`` are of its first text, as
    :func:`ends_of` gives them: a text is compared with the templates that begin or end as it does.
    """

    words: list[str]
    longest: int
    start: str
    end: str
    template_id: str = ""

    @classmethod
    def of(cls, skeleton: str, key: bytes = b"") -> TextTemplate:
        """The template of one text alone."""
        words = skeleton.split(" ")
        return cls(words, len(_fixed(words)), *ends_of(skeleton, key))

    def take(self, words: list[str]) -> bool:
        """Add the text to this template if enough words are shared; returns whether it was added.

        The shared words can only become fewer.
        """
        fixed, others = _fixed(self.words), _fixed(words)
        needed = max(_FEWEST_WORDS, _SHARED * max(self.longest, len(others)))
        if min(len(fixed), len(others), len(set(fixed) & set(others))) < needed:
            return False
        merged = self.words if _is_within(self.words, words) else _common_words(self.words, words)
        if len(_fixed(merged)) < needed:
            return False
        self.words, self.longest = merged, max(self.longest, len(others))
        return True


def ends_of(skeleton: str, key: bytes = b"") -> tuple[str, str]:
    """Hashes of the first and the last words of a text, of which texts of one template share one at least.

    The words may be a person's name, and a template outlives the text that it began with.
    """
    words = skeleton.split(" ")
    return _hashed(words[:2], key), _hashed(words[-2:], key)


def _hashed(words: Sequence[str], key: bytes) -> str:
    text = " ".join(words).encode()
    return hashlib.blake2b(text, digest_size=16, key=key, person=b"wb-template-ends").hexdigest()


class TemplateFinder:
    """Finds the template of each skeleton, among known ones and those that it made itself.

    Args:
        key: of the hashes in the known templates, and in those that it makes.
    """

    def __init__(self, known: Iterable[TextTemplate] = (), key: bytes = b"") -> None:
        self._key = key
        self._by_start: dict[str, list[TextTemplate]] = defaultdict(list)
        self._by_end: dict[str, list[TextTemplate]] = defaultdict(list)
        for template in known:
            self._add(template)

    def find(self, skeleton: str) -> TextTemplate:
        """The template that takes this text; a new one if none does."""
        words = skeleton.split(" ")
        start, end = ends_of(skeleton, self._key)
        near = [*self._by_start[start][:_COMPARED], *self._by_end[end][:_COMPARED]]
        template = next((template for template in near if template.take(words)), None)
        if template is None:
            template = TextTemplate.of(skeleton, self._key)
            self._add(template)
        return template

    def _add(self, template: TextTemplate) -> None:
        self._by_start[template.start].append(template)
        self._by_end[template.end].append(template)


def find_templates(skeletons: Mapping[str, int]) -> dict[str, str]:
    """The template of each skeleton; the input says how often each skeleton occurs."""
    finder = TemplateFinder()
    most_frequent_first = sorted(skeletons, key=lambda text: (-skeletons[text], text))
    templates = {skeleton: finder.find(skeleton) for skeleton in most_frequent_first}
    return {skeleton: " ".join(template.words) for skeleton, template in templates.items()}


def _fixed(words: Sequence[str]) -> list[str]:
    return [word for word in words if word != BLANK]


def _is_within(template: Sequence[str], words: Sequence[str]) -> bool:
    """Whether the words fit the template without changing it: they differ only where it has blanks."""
    position = 0
    for number, word in enumerate(template):
        if word == BLANK:
            continue
        follows_blank = number > 0 and template[number - 1] == BLANK
        try:
            index = words.index(word, position)
        except ValueError:
            return False
        if index != position and not follows_blank:
            return False
        position = index + 1
    return position == len(words) or template[-1] == BLANK


def _common_words(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """The words that both share, in order, with a blank for each difference."""
    merged: list[str] = []
    for operation, start, end, _, _ in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        for word in first[start:end] if operation == "equal" else [BLANK]:
            if word != BLANK or merged[-1:] != [BLANK]:
                merged.append(word)
    return merged

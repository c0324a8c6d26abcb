"""Which texts are one template: the same words around blanks that differ. Pure.

Two steps. The lake masks what is surely a blank in each text (links, addresses, anything with a digit, the
name after a greeting), so that a million texts become some thousands of *skeletons*. Here skeletons that
share most of their words in order become one *template*, with a blank wherever they differ: "we are packing
your kettle now" and "we are packing your desk lamp now" are one. It is a guess from the texts alone; the same
texts always give the same answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

BLANK = "⟨…⟩"

#: What is masked in each text, as a regular expression of the lake's engine (RE2).
BLANKS = (
    r"(?:https?://|www\.)\S+|\S+@\S+\.\S+"  # links and addresses
    r"|\+?[\p{L}\d]*\d[\p{L}\d]*(?:[.,:/-][\p{L}\d]*\d[\p{L}\d]*)*"  # numbers, codes, times, amounts
)
GREETED = (
    r"\b(Hi|Hello|Hey|Dear|Hallo|Hola|Bonjour|Ciao|Liebe|Lieber|Beste|Estimado|Estimada) \p{Lu}[\p{L}'-]+"
)

_SHARED = 0.6
"""Texts are one template when at least this part of the longer one's fixed words is shared, in order."""
_FEWEST_WORDS = 3
_COMPARED = 40
"""A skeleton is compared with this many templates that begin or end alike, the most frequent first."""


@dataclass
class _Template:
    """Words that all texts of a template share, in order, with a blank wherever anything else stood."""

    words: list[str]
    longest: int
    members: list[str] = field(default_factory=list)

    def take(self, words: list[str]) -> bool:
        """Make the text one of this template if enough is shared; what all share may only shrink."""
        fixed, others = _fixed(self.words), _fixed(words)
        needed = max(_FEWEST_WORDS, _SHARED * max(self.longest, len(others)))
        if min(len(fixed), len(others), len(set(fixed) & set(others))) < needed:
            return False
        merged = self.words if _is_within(self.words, words) else _common_words(self.words, words)
        if len(_fixed(merged)) < needed:
            return False
        self.words, self.longest = merged, max(self.longest, len(others))
        return True


def find_templates(skeletons: Mapping[str, int]) -> dict[str, str]:
    """Skeleton → template, for skeletons with how often each occurs."""
    beginnings: dict[tuple[str, ...], list[_Template]] = defaultdict(list)
    endings: dict[tuple[str, ...], list[_Template]] = defaultdict(list)
    templates: list[_Template] = []
    for skeleton in sorted(skeletons, key=lambda text: (-skeletons[text], text)):
        words = skeleton.split(" ")
        start, end = tuple(words[:2]), tuple(words[-2:])
        near = [*beginnings[start][:_COMPARED], *endings[end][:_COMPARED]]
        found = next((template for template in near if template.take(words)), None)
        if found is None:
            found = _Template(words, len(_fixed(words)))
            templates.append(found)
            beginnings[start].append(found)
            endings[end].append(found)
        found.members.append(skeleton)
    return {skeleton: " ".join(template.words) for template in templates for skeleton in template.members}


def _fixed(words: Sequence[str]) -> list[str]:
    return [word for word in words if word != BLANK]


def _is_within(template: Sequence[str], words: Sequence[str]) -> bool:
    """Whether the words fit the template as it is: only its blanks stand for anything else."""
    position = 0
    for number, word in enumerate(template):
        if word == BLANK:
            continue
        follows_blank = number > 0 and template[number - 1] == BLANK
        try:
            found = words.index(word, position)
        except ValueError:
            return False
        if found != position and not follows_blank:
            return False
        position = found + 1
    return position == len(words) or template[-1] == BLANK


def _common_words(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """The words of both in order, with a blank for what differs between them."""
    merged: list[str] = []
    for operation, start, end, _, _ in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        for word in one[start:end] if operation == "equal" else [BLANK]:
            if word != BLANK or merged[-1:] != [BLANK]:
                merged.append(word)
    return merged

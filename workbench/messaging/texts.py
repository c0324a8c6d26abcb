"""What texts cost because of how they are written, and what they would cost written otherwise. Pure.

Works on groups of messages whose texts are alike in all that decides about segments, each with one of its
texts as an example, so that a million messages are counted by looking at some thousands of texts.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from workbench.messaging.segments import (
    Encoding,
    SegmentCount,
    count_segments,
    count_units,
    encoding_of,
    replace_characters,
)
from workbench.messaging.skeletons import BLANK, find_templates

Money = dict[str, Decimal]
"""Amounts by currency; never added across."""

_JUST_OVER = {"GSM-7": range(161, 171), "UCS-2": range(71, 76)}
_NO_MONEY = Decimal(0)


@dataclass(frozen=True)
class TextGroup:
    """Messages of one skeleton with equal lengths, characters and billed segments, in one currency.

    ``spend`` is of the ``priced`` ones of its ``messages``; ``segments`` is what Twilio billed for each.
    """

    skeleton: str
    segments: int
    currency: str | None
    messages: int
    priced: int
    spend: Decimal
    example: str


@dataclass
class Tally:
    """Messages, billed segments and spend of some texts, and what another text would have saved."""

    messages: int = 0
    segments: int = 0
    spend: Money = field(default_factory=lambda: defaultdict(Decimal))
    saved: Money = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, group: TextGroup, segments_instead: int) -> None:
        self.messages += group.messages
        self.segments += group.messages * group.segments
        if group.currency and group.priced:
            fewer = max(group.segments - segments_instead, 0)
            self.spend[group.currency] += group.spend
            self.saved[group.currency] += group.spend * fewer / group.segments


@dataclass
class TemplateCost(Tally):
    """A template, the characters that force UCS-2, and its text without them (None: nothing to gain)."""

    text: str = ""
    encodings: set[Encoding] = field(default_factory=set)
    forcing: dict[str, None] = field(default_factory=dict)
    instead: str | None = None


@dataclass
class CharacterCost(Tally):
    """One visible character that forces UCS-2. A message with several of them counts for each."""

    character: str = ""
    replacement: str | None = None


@dataclass
class BoundaryCost(Tally):
    """Texts of one template that are a few characters over one segment; ``over`` is the range of how many."""

    text: str = ""
    encoding: Encoding = "GSM-7"
    over: tuple[int, int] = (0, 0)


@dataclass
class Mismatch(Tally):
    """Texts for which Twilio billed another number of segments than we count."""

    text: str = ""
    billed: int = 0
    counted: int = 0
    is_smart_encoding: bool = False


@dataclass
class TextCosts:
    """All of it; each list has the dearest (mismatches and boundaries: the most frequent) first.

    ``plain`` tallies what would need fewer segments in GSM-7, ``shorter`` what is just over one segment. A
    text can be in both.
    """

    templates: list[TemplateCost] = field(default_factory=list)
    characters: list[CharacterCost] = field(default_factory=list)
    boundaries: list[BoundaryCost] = field(default_factory=list)
    mismatches: list[Mismatch] = field(default_factory=list)
    plain: Tally = field(default_factory=Tally)
    shorter: Tally = field(default_factory=Tally)
    messages: int = 0
    mismatched: int = 0


def cost_of_texts(groups: Sequence[TextGroup]) -> TextCosts:
    """Templates, forcing characters, near misses and mismatches of these groups."""
    frequency: dict[str, int] = defaultdict(int)
    for group in groups:
        frequency[group.skeleton] += group.messages
    template_of = find_templates(frequency)
    templates: dict[str, TemplateCost] = defaultdict(TemplateCost)
    characters: dict[str, CharacterCost] = defaultdict(CharacterCost)
    boundaries: dict[tuple[str, Encoding], BoundaryCost] = defaultdict(BoundaryCost)
    mismatches: dict[tuple[str, int, int], Mismatch] = defaultdict(Mismatch)
    costs = TextCosts()
    for group in groups:
        text = template_of[group.skeleton]
        counted = count_segments(group.example)
        better = cheaper_text(group.example) if counted.encoding == "UCS-2" else None
        instead = count_segments(better).segments if better else group.segments
        costs.messages += group.messages
        _add_template(templates[text], text, group, counted, instead)
        for character in counted.forcing:
            found = characters[character]
            found.character, found.replacement = character, _replacement(character)
            found.add(group, instead)
        if instead < group.segments:
            costs.plain.add(group, instead)
        if _add_boundary(boundaries, text, group, counted):
            costs.shorter.add(group, 1)
        if counted.segments != group.segments:
            costs.mismatched += group.messages
            _add_mismatch(mismatches[text, group.segments, counted.segments], text, group, counted)
    costs.templates = sorted(templates.values(), key=_dearest)
    costs.characters = sorted(characters.values(), key=lambda found: (-found.messages, found.character))
    costs.boundaries = sorted(boundaries.values(), key=lambda found: (-found.messages, found.text))
    costs.mismatches = sorted(mismatches.values(), key=lambda found: (-found.messages, found.text))
    return costs


def _dearest(template: TemplateCost) -> tuple[Decimal, Decimal, int, str]:
    # Only an order: an amount in another currency is no larger or smaller, but must stand somewhere.
    saved, spend = (
        max(template.saved.values(), default=_NO_MONEY),
        max(template.spend.values(), default=_NO_MONEY),
    )
    return -saved, -spend, -template.messages, template.text


def _add_template(
    found: TemplateCost, text: str, group: TextGroup, counted: SegmentCount, instead: int
) -> None:
    found.text = text
    found.encodings.add(counted.encoding)
    found.forcing |= dict.fromkeys(counted.forcing)
    found.add(group, instead)
    if instead < group.segments and found.instead is None:
        found.instead = cheaper_template(text)


def _add_boundary(
    boundaries: dict[tuple[str, Encoding], BoundaryCost], text: str, group: TextGroup, counted: SegmentCount
) -> bool:
    """Whether the group is just over one segment; then it is counted."""
    near = _JUST_OVER[counted.encoding]
    units = count_units(group.example, counted.encoding)
    if units not in near or group.segments < 2:
        return False
    found = boundaries[text, counted.encoding]
    over = units - near.start + 1
    low, high = found.over if found.messages else (over, over)
    found.text, found.encoding, found.over = text, counted.encoding, (min(low, over), max(high, over))
    found.add(group, 1)
    return True


def _add_mismatch(found: Mismatch, text: str, group: TextGroup, counted: SegmentCount) -> None:
    found.text, found.billed, found.counted = text, group.segments, counted.segments
    smart = count_segments(group.example, smart_encoding=True).segments
    found.is_smart_encoding = smart == group.segments
    found.add(group, group.segments)


def cheaper_text(text: str) -> str | None:
    """A UCS-2 text in GSM-7: look-alikes for what has one, accents and symbols left out.

    None if that saves no segment, and for a text in a script that GSM-7 does not have.
    """
    before = count_segments(text)
    after = _in_gsm(text)
    if after is None or count_segments(after).segments >= before.segments:
        return None
    return after


def cheaper_template(template: str) -> str | None:
    """A template's text as :func:`cheaper_text` would write it; its blanks stay."""
    pieces = [_in_gsm(piece, keep_ends=True) for piece in template.split(BLANK)]
    return None if None in pieces else BLANK.join(piece for piece in pieces if piece is not None).strip()


def _in_gsm(text: str, *, keep_ends: bool = False) -> str | None:
    """Look-alikes as Smart Encoding has them; else letters lose their accents and symbols are left out."""
    replaced = replace_characters(unicodedata.normalize("NFC", text))
    if encoding_of(replaced) == "GSM-7":
        return replaced
    written = [_written(character) for character in replaced]
    if None in written:
        return None
    words = re.sub("  +", " ", "".join(piece for piece in written if piece))
    return words if keep_ends else words.strip()


def _written(character: str) -> str | None:
    """One character in GSM-7, empty for a symbol that has none; None for a letter that has none."""
    if encoding_of(character) == "GSM-7":
        return character
    base = "".join(
        part for part in unicodedata.normalize("NFD", character) if not unicodedata.combining(part)
    )
    if base and encoding_of(base) == "GSM-7":
        return base
    return None if unicodedata.category(character)[0] in "LN" else ""


def _replacement(character: str) -> str | None:
    """What stands for it in GSM-7: a look-alike or the letter without its accent, empty if it is left out."""
    return _in_gsm(character)

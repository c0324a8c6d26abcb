"""What texts cost because of their characters, and what they would cost with other characters. Pure.

The input is groups of messages. All texts of a group are equal in everything that decides about segments, and
one of them stands as an example. So a million messages are counted from some thousands of texts.
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
    fitting_units,
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

    ``spend`` is the sum over the ``priced`` messages; ``segments`` is what Twilio billed for each message.
    ``template`` is the id that the lake gave the text, None where it has none yet.
    """

    skeleton: str
    segments: int
    currency: str | None
    messages: int
    priced: int
    spend: Decimal
    example: str
    template: str | None = None


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


@dataclass(frozen=True)
class TextSize:
    """Texts of one encoding and number of segments, as counted here; from the shortest to the longest.

    ``shortest`` and ``longest`` are in units of the encoding: an extension character of GSM-7 and most emoji
    are two.
    """

    encoding: Encoding
    segments: int
    messages: int
    shortest: int
    longest: int

    @property
    def over(self) -> tuple[int, int] | None:
        """By how many units the shortest and the longest are over what one segment less would hold.

        None for one segment, and where a character that does not fit whole makes the last one necessary.
        """
        fits = fitting_units(self.encoding, self.segments - 1)
        return (self.shortest - fits, self.longest - fits) if 0 < fits < self.shortest else None


@dataclass
class TemplateCost(Tally):
    """A template, the characters that force UCS-2, and its text without them (None if that saves nothing).

    ``templates`` are the ids that the lake has for it; ``sizes`` its texts by encoding and segments.
    """

    text: str = ""
    templates: dict[str, None] = field(default_factory=dict)
    sizes: dict[tuple[Encoding, int], TextSize] = field(default_factory=dict)
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
    """The whole result; each list begins with the most expensive (mismatches and boundaries: most frequent).

    ``plain`` counts the texts that would need fewer segments in GSM-7, ``shorter`` the texts just over one
    segment. A text can be in both.
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
    """Templates, characters that force UCS-2, texts just over a boundary, and mismatches of these groups."""
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
            character_cost = characters[character]
            character_cost.character, character_cost.replacement = character, _replacement(character)
            character_cost.add(group, instead)
        if instead < group.segments:
            costs.plain.add(group, instead)
        if _add_boundary(boundaries, text, group, counted):
            costs.shorter.add(group, 1)
        if counted.segments != group.segments:
            costs.mismatched += group.messages
            _add_mismatch(mismatches[text, group.segments, counted.segments], text, group, counted)
    costs.templates = sorted(templates.values(), key=_dearest)
    costs.characters = sorted(characters.values(), key=lambda cost: (-cost.messages, cost.character))
    costs.boundaries = sorted(boundaries.values(), key=lambda cost: (-cost.messages, cost.text))
    costs.mismatches = sorted(mismatches.values(), key=lambda mismatch: (-mismatch.messages, mismatch.text))
    return costs


def _dearest(template: TemplateCost) -> tuple[Decimal, Decimal, int, str]:
    # Only for sorting: amounts in two currencies cannot be compared, but every template needs a place.
    saved, spend = (
        max(template.saved.values(), default=_NO_MONEY),
        max(template.spend.values(), default=_NO_MONEY),
    )
    return -saved, -spend, -template.messages, template.text


def _add_template(
    cost: TemplateCost, text: str, group: TextGroup, counted: SegmentCount, instead: int
) -> None:
    cost.text = text
    if group.template:
        cost.templates[group.template] = None
    _add_size(cost.sizes, group, counted)
    cost.encodings.add(counted.encoding)
    cost.forcing |= dict.fromkeys(counted.forcing)
    cost.add(group, instead)
    if instead < group.segments and cost.instead is None:
        cost.instead = cheaper_template(text)


def _add_size(sizes: dict[tuple[Encoding, int], TextSize], group: TextGroup, counted: SegmentCount) -> None:
    key = counted.encoding, counted.segments
    units = counted.units
    known = sizes.get(key, TextSize(*key, 0, units, units))
    sizes[key] = TextSize(
        *key, known.messages + group.messages, min(known.shortest, units), max(known.longest, units)
    )


def _add_boundary(
    boundaries: dict[tuple[str, Encoding], BoundaryCost], text: str, group: TextGroup, counted: SegmentCount
) -> bool:
    """Count the group if its text is just over one segment; returns whether it is."""
    near = _JUST_OVER[counted.encoding]
    units = count_units(group.example, counted.encoding)
    if units not in near or group.segments < 2:
        return False
    boundary = boundaries[text, counted.encoding]
    over = units - near.start + 1
    low, high = boundary.over if boundary.messages else (over, over)
    boundary.text, boundary.encoding, boundary.over = (
        text,
        counted.encoding,
        (min(low, over), max(high, over)),
    )
    boundary.add(group, 1)
    return True


def _add_mismatch(mismatch: Mismatch, text: str, group: TextGroup, counted: SegmentCount) -> None:
    mismatch.text, mismatch.billed, mismatch.counted = text, group.segments, counted.segments
    smart = count_segments(group.example, smart_encoding=True).segments
    mismatch.is_smart_encoding = smart == group.segments
    mismatch.add(group, group.segments)


def merged_costs(text: str, costs: Sequence[TemplateCost]) -> TemplateCost:
    """Several templates as the one whose words are ``text``: one of the lake may be several here."""
    merged = TemplateCost(text=text)
    for cost in costs:
        merged.messages += cost.messages
        merged.segments += cost.segments
        for currency, amount in cost.spend.items():
            merged.spend[currency] += amount
        for currency, amount in cost.saved.items():
            merged.saved[currency] += amount
        merged.encodings |= cost.encodings
        merged.forcing |= cost.forcing
        for key, size in cost.sizes.items():
            known = merged.sizes.get(key, size)
            messages = size.messages + (known.messages if key in merged.sizes else 0)
            shortest, longest = min(known.shortest, size.shortest), max(known.longest, size.longest)
            merged.sizes[key] = TextSize(*key, messages, shortest, longest)
    if any(cost.instead is not None for cost in costs):
        merged.instead = cheaper_template(text)
    return merged


def cheaper_text(text: str) -> str | None:
    """A UCS-2 text in GSM-7: characters replaced by look-alikes, other accents and symbols left out.

    None if that saves no segment, or if the text is in a script that GSM-7 does not have.
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
    """The text in GSM-7: Smart Encoding's look-alikes, then letters without accents, symbols left out."""
    replaced = replace_characters(unicodedata.normalize("NFC", text))
    if encoding_of(replaced) == "GSM-7":
        return replaced
    written = [_written(character) for character in replaced]
    if None in written:
        return None
    words = re.sub("  +", " ", "".join(piece for piece in written if piece))
    return words if keep_ends else words.strip()


def _written(character: str) -> str | None:
    """One character in GSM-7; without an equivalent, "" for a symbol and None for a letter."""
    if encoding_of(character) == "GSM-7":
        return character
    base = "".join(
        part for part in unicodedata.normalize("NFD", character) if not unicodedata.combining(part)
    )
    if base and encoding_of(base) == "GSM-7":
        return base
    return None if unicodedata.category(character)[0] in "LN" else ""


def _replacement(character: str) -> str | None:
    """Its replacement in GSM-7: a look-alike, or the letter without its accent; empty if it is left out."""
    return _in_gsm(character)

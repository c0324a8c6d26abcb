"""Clusters that must stay whole, by the rules of Unicode 10 (UAX #29) that Twilio's calculator follows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.messaging.graphemes import split_graphemes

WOMAN, GIRL, MAN, HEART = "\U0001f469", "\U0001f467", "\U0001f468", "\u2764\ufe0f"
TONE, ZWJ, RI_U, RI_S = "\U0001f3fd", "\u200d", "\U0001f1fa", "\U0001f1f8"


@pytest.mark.parametrize(
    "clusters",
    [
        [],
        ["a", "b"],
        ["\r", "\n"],
        ["\n", "\u0301"],
        ["e\u0301", "x"],
        ["e\u0301\u0302", "x"],
        [WOMAN + ZWJ + WOMAN + ZWJ + GIRL, "a"],
        [WOMAN + TONE + ZWJ + MAN + TONE],
        ["\U0001f44d" + TONE, "\U0001f44d"],
        ["a", TONE],
        [WOMAN + ZWJ + "\U0001f4bb"],
        ["\U0001f3f3\ufe0f" + ZWJ + "\U0001f308"],
        [HEART, "a"],
        ["1\ufe0f\u20e3", "2"],
        [RI_U + RI_S, RI_U + RI_S],
        [RI_U + RI_S, RI_U],
        ["\u1112\u1161\u11ab", "\u1100\u1161"],
        ["한", "국"],
        ["\uac00\u1161\u11a8", "\uac01\u11a8", "\uac01", "\u1161"],
        ["न", "म", "स\u094d", "त\u0947"],
        ["\u0600\u0661", "\u0661"],
        ["\u200b", "a", "\u00ad", "b"],
        ["\ud83d", "a", "\ude00"],
        # Twilio's calculator lets go of a second skin tone once the cluster has a variation selector.
        [MAN + TONE + ZWJ + HEART + ZWJ + MAN, TONE],
    ],
)
def test_split_graphemes(clusters: list[str]) -> None:
    assert split_graphemes("".join(clusters)) == clusters


@settings(deadline=None)
@given(st.text())
def test_the_clusters_joined_are_the_text(text: str) -> None:
    clusters = split_graphemes(text)
    assert "".join(clusters) == text
    assert all(clusters)

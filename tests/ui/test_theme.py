"""The look holds for everybody: contrast, colour-blind readers, and files that came as released."""

from __future__ import annotations

import hashlib
import itertools

import pytest

from workbench.display.outcomes import OUTCOMES
from workbench.ui import theme


def linear(color: str) -> tuple[float, float, float]:
    channels = (int(color[row_list : row_list + 2], 16) / 255 for row_list in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return red, green, blue


def luminance(rgb: tuple[float, float, float]) -> float:
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


def contrast(color: str, other: str) -> float:
    high, low = sorted((luminance(linear(color)), luminance(linear(other))), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("side", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("token", ["ink", "ink-2", "ink-3", "accent", "good", "bad"])
@pytest.mark.parametrize("surface", ["surface", "page"])
def test_text_reaches_the_contrast_of_wcag_aa(token: str, surface: str, side: int) -> None:
    assert contrast(theme.TOKENS[token][side], theme.TOKENS[surface][side]) >= 4.5


@pytest.mark.parametrize("side", [0, 1], ids=["light", "dark"])
def test_a_change_for_the_worse_is_readable_on_its_mark(side: int) -> None:
    assert contrast(theme.TOKENS["bad"][side], theme.TOKENS["bad-soft"][side]) >= 4.5


#: Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB.
COLOUR_BLIND = {
    "protan": (
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)
    ),
}  # fmt: skip


def lab(rgb: tuple[float, ...]) -> tuple[float, float, float]:
    """CIE L*a*b* of linear RGB, for D65."""
    red, green, blue = (min(max(channel, 0), 1) for channel in rgb)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("side", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("kind", COLOUR_BLIND)
def test_colour_blind_readers_tell_every_outcome_from_every_other(kind: str, side: int) -> None:
    seen = {}
    for outcome in OUTCOMES:
        rgb = linear(theme.TOKENS[outcome.replace(" ", "-")][side])
        seen[outcome] = lab(
            tuple(
                sum(weight * part for weight, part in zip(row, rgb, strict=True))
                for row in COLOUR_BLIND[kind]
            )
        )
    for outcome, other in itertools.combinations(OUTCOMES, 2):
        distance = sum((a - b) ** 2 for a, b in zip(seen[outcome], seen[other], strict=True)) ** 0.5
        assert distance > 15, (outcome, other)


def test_no_two_colours_share_their_light_value() -> None:
    lights = [light for light, _ in theme.TOKENS.values()]
    assert len(set(lights)) == len(lights)


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("plotly-cartesian-4.1.1.min.js", "79542150855a52c567260e3137095dbe2b744e6d702a5cabe67da246942fba7a"),
        ("inter-latin.woff2", "3100e775e8616cd2611beecfa23a4263d7037586789b43f035236a2e6fbd4c62"),
        ("inter-latin-ext.woff2", "34b9c504cab7a73e37b746343a449132e56cf7b5481af2cb81dc74dcff25c956"),
    ],
)
def test_vendored_files_are_the_released_ones(name: str, digest: str) -> None:
    assert hashlib.sha256((theme.VENDOR / name).read_bytes()).hexdigest() == digest


def test_vendored_files_have_their_licences() -> None:
    assert "MIT" in (theme.VENDOR / "plotly-LICENSE.txt").read_text()
    assert "SIL Open Font License" in (theme.VENDOR / "inter-LICENSE.txt").read_text()


def test_nothing_of_ours_names_another_host() -> None:
    for path in theme.STATIC.glob("*.*"):
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, path.name
        assert "https://" not in text, path.name
        assert "innerHTML" not in text, path.name

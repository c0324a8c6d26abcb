"""The one look: every colour with its light and its dark value, and what is made from them.

Components read the colours as CSS variables (``--wb-ink``, …) that follow the page's colour scheme.
Figures are built in the light colours and the browser swaps each for its dark twin, so a figure is a
plain plotly figure that also prints well.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bokeh.embed.bundle import extension_dirs

from workbench.display.outcomes import OUTCOME_COLORS

STATIC = Path(__file__).parent / "static"
VENDOR = STATIC / "vendor"

# Panel serves this folder at static/extensions/workbench/, also under plain `panel serve`.
extension_dirs["workbench"] = VENDOR
STATIC_URL = "static/extensions/workbench"

FONT = "Inter, Roboto, system-ui, sans-serif"
MONO = "ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', monospace"

TOKENS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # surfaces and text
        "page": ("#f5f6f8", "#0d1217"),
        "surface": ("#ffffff", "#151b22"),
        "raised": ("#f0f2f5", "#1d252e"),
        "line": ("#e2e6eb", "#28323d"),
        "line-strong": ("#c9d0d8", "#3a4653"),
        "ink": ("#16202a", "#e8edf2"),
        "ink-2": ("#4a5866", "#aab6c2"),
        "ink-3": ("#5f6d7b", "#8593a1"),
        # one accent, and the two senses a change can have
        "accent": ("#1d5fa8", "#7cb5f2"),
        "accent-soft": ("#e7f0fa", "#17293d"),
        "good": ("#0b6b5d", "#4cc3ae"),
        "bad": ("#a93420", "#f2917b"),
        "warn-soft": ("#fdf4e1", "#2e2613"),
        "warn-line": ("#e5c067", "#7a6328"),
        "bad-soft": ("#fcece8", "#331c17"),
        # what became of a message
        **{name.replace(" ", "-"): colors for name, colors in OUTCOME_COLORS.items()},
        # from little to much, for maps; distinct in lightness alone
        "heat-low": ("#eef2f6", "#1b232c"),
        "heat-middle": ("#8cb4dd", "#31628f"),
        "heat-high": ("#174a85", "#a5d0fb"),
        # money, and series that carry no meaning of their own
        "money": ("#1f7a74", "#4fb5ac"),
        "money-2": ("#b9862f", "#d6a854"),
        "money-3": ("#7a6aa6", "#a797d0"),
    }
)


def light(token: str) -> str:
    return TOKENS[token][0]


def dark_twins() -> dict[str, str]:
    """Light colour to dark colour, for figures."""
    return {light.lower(): dark for light, dark in TOKENS.values()}


#: The document behind the components: no gap, and no white flash before a dark page is drawn.
DOCUMENT_CSS = "html, body { margin: 0; overflow: hidden; }"


@cache
def tokens_css() -> str:
    """The colours as CSS variables that follow ``color-scheme``."""
    lines = [f"  --wb-{name}: light-dark({day}, {night});" for name, (day, night) in TOKENS.items()]
    # The page's theme sets the scheme; in a notebook the component's own class does.
    head = ":host {\n  color-scheme: var(--mui-palette-workbench-scheme, light);\n"
    return head + "\n".join(lines) + f"\n  --wb-font: {FONT};\n  --wb-mono: {MONO};\n}}\n"


@cache
def font_css() -> str:
    """``@font-face`` rules; fonts count only when the document itself declares them."""
    ranges = {
        "inter-latin-ext": "U+0100-02BA, U+1E00-1E9F, U+20A0-20AB, U+20AD-20C0, U+2C60-2C7F, U+A720-A7FF",
        "inter-latin": (
            "U+0000-00FF, U+0131, U+0152-0153, U+02BB-02BC, U+02C6, U+02DA, U+02DC, U+2000-206F, "
            "U+20AC, U+2122, U+2191, U+2193, U+2212, U+2215, U+FEFF, U+FFFD"
        ),
    }
    return "\n".join(
        "@font-face { font-family: Inter; font-style: normal; font-weight: 100 900; font-display: swap;"
        f" src: url({STATIC_URL}/{name}.woff2) format('woff2'); unicode-range: {codes}; }}"
        for name, codes in ranges.items()
    )


@cache
def read_static(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def material_theme() -> dict[str, Any]:
    """The theme that panel-material-ui hands to MUI, light and dark."""
    return {"light": _material(0), "dark": _material(1)}


def _material(side: int) -> dict[str, Any]:
    color = {name: pair[side] for name, pair in TOKENS.items()}
    return {
        "palette": {
            # The app bar wears contrastText as its background, see the shell.
            "primary": {"main": color["accent"], "contrastText": color["surface"]},
            "background": {"default": color["page"], "paper": color["surface"]},
            "text": {"primary": color["ink"], "secondary": color["ink-2"]},
            "divider": color["line"],
            "workbench": {"scheme": ("light", "dark")[side]},
        },
        "typography": {"fontFamily": FONT, "fontSize": 14},
        "shape": {"borderRadius": 6},
        "components": {
            # Panel's shell makes room with empty headings, and shows that it works with an unnamed bar.
            "MuiTypography": {"defaultProps": {"variantMapping": {"h5": "div"}}},
            "MuiLinearProgress": {"defaultProps": {"aria-label": "Working"}},
            "MuiButtonBase": {
                "styleOverrides": {
                    "root": {
                        "&:focus-visible": {
                            "outline": f"2px solid {color['accent']}",
                            "outlineOffset": "-2px",
                        }
                    }
                }
            },
        },
    }

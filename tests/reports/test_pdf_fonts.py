"""A PDF says which characters no font of the machine has; others come from whichever font has them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from workbench.reports.document import to_pdf

PAGE = "<html><head></head><body>\n<main>\n<p>{text}</p></main></body></html>"
PRIVATE = "\U000f0000"
"""A character that no font has: for private use."""


def text_of(pdf: bytes, folder: Path) -> str:
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("no pdftotext on this machine")
    (folder / "report.pdf").write_bytes(pdf)
    done = subprocess.run(
        [program, str(folder / "report.pdf"), "-"], capture_output=True, text=True, check=True, timeout=60
    )
    return " ".join(done.stdout.split())


def test_a_character_that_no_font_has_is_named(tmp_path: Path) -> None:
    pdf = to_pdf(PAGE.format(text=f"Gr\u00fc\u00dfe {PRIVATE}{PRIVATE}, caf\u00e9"))
    text = text_of(pdf, tmp_path)
    assert "has 1 character of this report, shown as boxes: U+F0000. The HTML shows them" in text
    assert "install a font that has them" in text
    assert "caf\u00e9" in text


def test_of_many_the_first_are_named_and_the_others_counted(tmp_path: Path) -> None:
    many = "".join(chr(0xF0000 + offset) for offset in range(12))
    text = text_of(to_pdf(PAGE.format(text=many)), tmp_path)
    assert "has 12 characters of this report" in text
    assert "U+F0007 and 4 more." in text


def test_a_page_whose_characters_all_have_a_font_says_nothing(tmp_path: Path) -> None:
    text = text_of(to_pdf(PAGE.format(text="Gr\u00fc\u00dfe, \u0396\u03b5\u03cd\u03c2, 12 \u20ac")), tmp_path)
    assert re.sub(r" \d+ / \d+$", "", text) == "Gr\u00fc\u00dfe, \u0396\u03b5\u03cd\u03c2, 12 \u20ac"


@pytest.mark.parametrize("sign", ["\u6f22", "\U0001f600", "\u0928"])
def test_a_font_that_the_machine_has_is_used(sign: str, tmp_path: Path) -> None:
    listed = shutil.which("fc-list")
    if listed is None:
        pytest.skip("no fontconfig on this machine")
    fonts = subprocess.run(
        [listed, f":charset={ord(sign):x}", "family"], capture_output=True, text=True, check=True, timeout=60
    )
    text = text_of(to_pdf(PAGE.format(text=f"a{sign}b")), tmp_path)
    assert ("shown as boxes" in text) == (not fonts.stdout.strip())

"""The reader's paper: what was asked for goes first, then the setting, then the place."""

from __future__ import annotations

import zoneinfo
from pathlib import Path

import pytest

from workbench.errors import ConfigError, UnknownName
from workbench.reports.paper import find_paper
from workbench.settings import load_settings

PLACES = [
    ("America/New_York", {}, "Letter"),
    ("US/Pacific", {"LANG": "de_DE.UTF-8"}, "Letter"),
    ("America/Toronto", {}, "Letter"),
    ("America/Mexico_City", {}, "Letter"),
    ("America/Indiana/Knox", {}, "Letter"),
    ("America/Bogota", {}, "Letter"),
    ("America/Santiago", {}, "Letter"),
    ("Asia/Manila", {}, "Letter"),
    ("America/Sao_Paulo", {}, "A4"),
    ("America/Argentina/Cordoba", {}, "A4"),
    ("America/Lima", {}, "A4"),
    ("America/Nuuk", {}, "A4"),
    ("Europe/Berlin", {"LANG": "en_US.UTF-8"}, "A4"),
    ("Asia/Kathmandu", {}, "A4"),
    ("UTC", {}, "A4"),
    ("UTC", {"LANG": "C.UTF-8"}, "A4"),
    ("UTC", {"LANG": "en_US.UTF-8"}, "Letter"),
    ("Etc/GMT+5", {"LANG": "fr_CA.UTF-8"}, "Letter"),
    ("UTC", {"LANG": "en_US.UTF-8", "LC_PAPER": "en_GB.UTF-8"}, "A4"),
    ("UTC", {"LC_ALL": "es_MX", "LC_PAPER": "en_GB.UTF-8"}, "Letter"),
]


@pytest.mark.parametrize(("timezone", "environ", "paper"), PLACES)
def test_the_paper_of_a_place(timezone: str, environ: dict[str, str], paper: str) -> None:
    assert find_paper(None, None, timezone, environ) == paper
    assert find_paper(None, "A4", timezone, environ) == "A4"
    assert find_paper("Letter", "A4", timezone, environ) == "Letter"


def test_the_zones_of_letter_countries_agree_with_the_zones_own_table() -> None:
    """By zone.tab of the time zone database, where this machine has it."""
    tables = [path for folder in zoneinfo.TZPATH if (path := Path(folder) / "zone.tab").exists()]
    if not tables:
        pytest.skip("this machine has no zone.tab")
    letter = {"BZ", "CA", "CL", "CO", "CR", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"}
    lines = [
        line.split("\t")
        for line in tables[0].read_text(encoding="utf-8").splitlines()
        if line and line[0] != "#"
    ]
    wrong = [
        (country, zone)
        for country, _, zone, *_ in lines
        if (find_paper(None, None, zone, {}) == "Letter") != (country in letter)
    ]
    assert wrong == []


def test_a_paper_that_is_none_is_refused() -> None:
    with pytest.raises(UnknownName, match=r"No paper named 'legal'\..* Known: A4, Letter"):
        find_paper("legal", None, "UTC", {})
    with pytest.raises(ConfigError, match="it can be 'A4', 'Letter'"):
        load_settings({"WORKBENCH_HOME": "home", "WORKBENCH_PAPER": "A5"})
    assert load_settings({"WORKBENCH_HOME": "home", "WORKBENCH_PAPER": "Letter"}).paper == "Letter"


@pytest.mark.parametrize(
    ("given", "paper"), [("letter", "Letter"), ("LETTER", "Letter"), ("Letter", "Letter"), ("a4", "A4")]
)
def test_a_paper_is_taken_in_any_case(given: str, paper: str) -> None:
    assert find_paper(given, None, "UTC", {}) == paper
    assert load_settings({"WORKBENCH_HOME": "home", "WORKBENCH_PAPER": given}).paper == paper

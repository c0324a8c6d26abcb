"""Which paper a report is printed on: what was asked for, else the setting, else what the place uses."""

from __future__ import annotations

import re
from collections.abc import Mapping

from workbench.errors import UnknownName

PAPERS = ("A4", "Letter")

#: Countries that print on Letter, by CLDR's `paperSize`.
_COUNTRIES = "BZ CA CL CO CR GT MX NI PA PH PR SV US VE"
_LETTER_COUNTRIES = frozenset(_COUNTRIES.split())
_LETTER_AREAS = (
    "US/", "Canada/", "Mexico/", "Chile/", "America/Indiana/", "America/Kentucky/", "America/North_Dakota/",
)  # fmt: skip
#: The time zones of these countries.
_ZONES = """
    America/Adak America/Anchorage America/Boise America/Chicago America/Denver America/Detroit
    America/Fort_Wayne America/Indianapolis America/Juneau America/Los_Angeles America/Louisville
    America/Menominee America/Metlakatla America/New_York America/Nome America/Phoenix America/Shiprock
    America/Sitka America/Yakutat Pacific/Honolulu Pacific/Johnston America/Puerto_Rico
    America/Atikokan America/Blanc-Sablon America/Cambridge_Bay America/Coral_Harbour America/Creston
    America/Dawson America/Dawson_Creek America/Edmonton America/Fort_Nelson America/Glace_Bay
    America/Goose_Bay America/Halifax America/Inuvik America/Iqaluit America/Moncton America/Montreal
    America/Nipigon America/Pangnirtung America/Rainy_River America/Rankin_Inlet America/Regina
    America/Resolute America/St_Johns America/Swift_Current America/Thunder_Bay America/Toronto
    America/Vancouver America/Whitehorse America/Winnipeg America/Yellowknife
    America/Bahia_Banderas America/Cancun America/Chihuahua America/Ciudad_Juarez America/Ensenada
    America/Hermosillo America/Matamoros America/Mazatlan America/Merida America/Mexico_City
    America/Monterrey America/Ojinaga America/Santa_Isabel America/Tijuana
    America/Belize America/Bogota America/Caracas America/Costa_Rica America/El_Salvador America/Guatemala
    America/Managua America/Panama America/Punta_Arenas America/Santiago America/Coyhaique
    Asia/Manila Pacific/Easter EST5EDT CST6CDT MST7MDT PST8PDT
"""
_LETTER_ZONES = frozenset(_ZONES.split())
_LOCALE_VARIABLES = ("LC_ALL", "LC_PAPER", "LANG")


def find_paper(given: str | None, setting: str | None, timezone: str, environ: Mapping[str, str]) -> str:
    """The paper of a report.

    Args:
        given: for this run.
        setting: `paper` of the settings.
        timezone: of the settings; UTC says nothing about the place.
        environ: the locale in it decides where the time zone does not.

    Raises:
        UnknownName: there is no such paper.
    """
    chosen = given or setting
    if chosen is None:
        return _paper_of_place(timezone, environ)
    paper = next((name for name in PAPERS if name.lower() == chosen.lower()), None)
    if paper is None:
        raise UnknownName("paper", chosen, PAPERS)
    return paper


def _paper_of_place(timezone: str, environ: Mapping[str, str]) -> str:
    if timezone in _LETTER_ZONES or timezone.startswith(_LETTER_AREAS):
        return "Letter"
    if not re.fullmatch(r"(Etc/.*|UTC|GMT|Zulu|UCT|Universal|Greenwich)", timezone):
        return "A4"
    locale = next((environ[name] for name in _LOCALE_VARIABLES if environ.get(name)), "")
    country = re.match(r"[a-z]{2,3}_([A-Z]{2})\b", locale)
    return "Letter" if country and country[1] in _LETTER_COUNTRIES else "A4"

"""Every error code that reaches a user is explained, in one sentence each for what and what next.

``data/error_titles.json`` holds Twilio's titles of messaging error codes.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from workbench.messaging.error_codes import ErrorCode, explain, known_codes

TITLES = json.loads((Path(__file__).parent / "data" / "error_titles.json").read_text(encoding="utf-8"))
CODES = sorted(map(int, TITLES))
FURTHER_CODES = [11751, 20001, 20004, 20009, 21910, 30044, 30047]


def test_no_code_needs_no_explanation() -> None:
    assert explain(None) is None


def known(code: int) -> ErrorCode:
    explained = explain(code)
    assert explained is not None
    return explained


def test_every_title_is_carried_over() -> None:
    assert len(TITLES) == 513
    assert {code: known(code).title for code in CODES} == {code: TITLES[str(code)].strip() for code in CODES}


def test_every_known_code_has_two_sentences_an_owner_and_a_verdict() -> None:
    assert set(CODES + FURTHER_CODES) <= set(known_codes())
    for code in known_codes():
        explained = known(code)
        for sentence in (explained.meaning, explained.fix):
            assert re.fullmatch(r"[A-Z].{9,150}\.", sentence), (code, sentence)
        assert explained.owner in {"you", "your registration", "recipient", "carrier", "twilio"}, code
        assert explained.retry in {"never", "no", "later", "limited"}, code
        assert explained.url == f"https://www.twilio.com/docs/api/errors/{code}"


@pytest.mark.parametrize(
    ("code", "owner", "retry"),
    [
        (21211, "you", "no"),
        (21408, "you", "no"),
        (21606, "you", "no"),
        (21608, "you", "no"),
        (21610, "recipient", "never"),
        (21611, "you", "later"),
        (21614, "recipient", "no"),
        (21617, "you", "no"),
        (30001, "you", "later"),
        (30003, "recipient", "limited"),
        (30004, "recipient", "no"),
        (30005, "recipient", "no"),
        (30006, "recipient", "no"),
        (30007, "you", "no"),
        (30008, "carrier", "limited"),
        (30022, "your registration", "later"),
        (30023, "your registration", "later"),
        (30032, "your registration", "no"),
        (30034, "your registration", "no"),
        (30036, "you", "limited"),
        (30410, "carrier", "limited"),
        (30450, "twilio", "limited"),
        (30470, "your registration", "no"),
        (30500, "twilio", "limited"),
        (30630, "recipient", "never"),
        (30896, "your registration", "no"),
        (63016, "you", "no"),
        (63033, "recipient", "never"),
        (20003, "you", "no"),
        (20429, "you", "later"),
        (11200, "you", "later"),
        (12300, "you", "no"),
        (11236, "you", "later"),
        (20005, "you", "no"),
        (21655, "you", "no"),
        (60203, "recipient", "later"),
        (63051, "you", "no"),
    ],
)
def test_who_can_change_it_and_whether_to_send_again(code: int, owner: str, retry: str) -> None:
    assert (known(code).owner, known(code).retry) == (owner, retry)


@pytest.mark.parametrize("code", [0, 1, 30641, 99999, -5])
def test_an_unknown_code_leads_to_twilios_page(code: int) -> None:
    explained = known(code)
    assert explained.title == f"code {code}"
    assert explained.meaning == f"code {code}, see https://www.twilio.com/docs/api/errors/{code}"
    assert explained.owner == "unknown"
    assert explained.retry == "no"

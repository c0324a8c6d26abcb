"""The section [sending], and what counts as a yes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from workbench import ConfigError, UsageError
from workbench.sending.confirm import is_confirmed
from workbench.settings import Money, SendingSettings, load_settings


def read(home: Path, section: str) -> SendingSettings:
    home.mkdir(exist_ok=True)
    (home / "workbench.toml").write_text(f"[sending]\n{section}\n")
    return load_settings({"WORKBENCH_HOME": str(home)}).sending


def test_reads_everything_there_is(home: Path) -> None:
    found = read(
        home,
        'sender = "+12025550110"\nrequire_consent = true\nmax_spend_per_day = "25.50 USD"\n'
        'default_country = "US"',
    )
    assert (found.sender, found.require_consent, found.default_country) == ("+12025550110", True, "US")
    assert found.max_spend_per_day == Money(Decimal("25.50"), "USD")
    assert str(found.max_spend_per_day) == "25.5 USD"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('sendr = "x"', "no setting 'sendr'"),
        ('service = "MG12"', "service is 'MG12'"),
        ('require_consent = "yes"', "require_consent is 'yes'"),
        ("max_messages_per_day = 0", "max_messages_per_day is 0"),
        ("max_messages_per_day = true", "max_messages_per_day is True"),
        ("max_spend_per_day = 25", "max_spend_per_day is 25"),
        ('max_spend_per_day = "25 usd"', "with its currency"),
        ('default_country = "usa"', "default_country is 'usa'"),
        ('business_name = " "', "business_name is ' '"),
    ],
)
def test_what_is_wrong_is_named(home: Path, line: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read(home, line)


@pytest.mark.parametrize(
    ("confirm", "messages", "expected"),
    [(False, 1, False), (None, 3, False), (True, 1, True), (1, 1, True), (120, 120, True)],
)
def test_a_yes(confirm: Any, messages: int, expected: bool) -> None:
    assert is_confirmed(confirm, messages, 2) is expected


@pytest.mark.parametrize(("confirm", "messages"), [(True, 2), (119, 120), (0, 1)])
def test_no_yes_at_all_or_the_wrong_number(confirm: Any, messages: int) -> None:
    with pytest.raises(UsageError, match="confirm"):
        is_confirmed(confirm, messages, 2)

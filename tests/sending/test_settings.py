"""The section [sending], and what counts as a yes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from workbench import ConfigError, UsageError
from workbench.sending.confirm import is_confirmed
from workbench.sending.settings import Money, read_sending_settings


def test_reads_everything_there_is() -> None:
    found = read_sending_settings(
        {
            "sender": "+12025550110",
            "require_consent": True,
            "max_spend_per_day": "25.50 USD",
            "default_country": "US",
        }
    )
    assert (found.sender, found.require_consent, found.default_country) == ("+12025550110", True, "US")
    assert found.max_spend_per_day == Money(Decimal("25.50"), "USD")
    assert str(found.max_spend_per_day) == "25.5 USD"


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"sendr": "x"}, "no setting 'sendr'"),
        ({"service": "MG12"}, "service is 'MG12'"),
        ({"require_consent": "yes"}, "require_consent is 'yes'"),
        ({"max_messages_per_day": 0}, "max_messages_per_day is 0"),
        ({"max_messages_per_day": True}, "max_messages_per_day is True"),
        ({"max_spend_per_day": 25}, "max_spend_per_day is 25"),
        ({"max_spend_per_day": "25 usd"}, "with its currency"),
        ({"default_country": "usa"}, "default_country is 'usa'"),
        ({"business_name": " "}, "business_name is ' '"),
    ],
)
def test_what_is_wrong_is_named(section: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_sending_settings(section)


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

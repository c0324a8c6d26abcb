"""Recipients as callers hand them over: numbers, frames of any types, mappings; one column, one reader."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench import UsageError
from workbench.messaging.address_reader import NumberContext, normalize_address
from workbench.sending.compose import Draft, compose_rows
from workbench.sending.recipients import read_recipients
from workbench.settings import SendingSettings

OUR_US = NumberContext(sender_countries=("US",))
ANN, BEN = "+14155550123", "+14155550124"


@pytest.mark.parametrize(
    "to",
    [
        pd.DataFrame({"to": [14155550123, 14155550124]}),
        pd.DataFrame({"to": [14155550123.0, 14155550124.0]}),
        pd.DataFrame({"Phone Number": pd.array([14155550123, 14155550124], dtype="Int64")}),
        pd.DataFrame({"mobile": np.array([14155550123, 14155550124], dtype=object), "name": ["a", "b"]}),
        pd.DataFrame({"to": ["'+14155550123", "tel:+1-415-555-0124"]}, index=[7, 7]),
        [{"phone": 14155550123}, {"phone": "+1 415 555 0124"}],
        ["+14155550123", "1 (415) 555-0124"],
        pd.Series([14155550123, 14155550124]),
        np.array([14155550123, 14155550124]),
        (number for number in ("+14155550123", "+14155550124")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_same_people_however_they_are_handed_over(to: object) -> None:
    assert [row["to"] for row in read_recipients(to, OUR_US)] == [ANN, BEN]


def test_one_recipient() -> None:
    assert read_recipients(14155550123, OUR_US) == [{"to": ANN}]
    assert read_recipients(ANN, OUR_US) == [{"to": ANN}]


def test_a_column_keeps_its_value() -> None:
    frame = pd.DataFrame({"phone": [14155550123], "name": ["NA"]})
    assert read_recipients(frame, OUR_US) == [{"name": "NA", "phone": 14155550123, "to": ANN}]


def test_the_chosen_column_is_the_recipient_even_beside_to() -> None:
    frame = pd.DataFrame({"to": [ANN], "mobile": [BEN]})
    assert read_recipients(frame, OUR_US)[0]["to"] == ANN
    assert read_recipients(frame, OUR_US, "mobile")[0]["to"] == BEN


@pytest.mark.parametrize("value", [float("nan"), None, pd.NA, pd.NaT])
def test_nobody_stays_nobody(value: object) -> None:
    rows = read_recipients(pd.DataFrame({"to": pd.Series([value, ANN], dtype=object)}), OUR_US)
    assert [row["to"] for row in rows] == ["", ANN]


@pytest.mark.parametrize(
    "to",
    [
        pd.DataFrame({"to": np.array([14155550123], dtype="float32")}),
        pd.DataFrame({"to": np.array([4155550123], dtype="float32"), "name": ["Ann"]}),
        pd.DataFrame({"to": pd.array([14155550123], dtype="Float32")}),
        pd.Series([14155550123], dtype="float32"),
        np.array([4155550123], dtype="float32"),
        [np.float32(14155550123)],
        np.float32(4155550123),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("country", [None, "US"])
def test_what_low_precision_made_of_a_number_is_blocked(to: object, country: str | None) -> None:
    rows = read_recipients(to, NumberContext(country, ("US",)))
    settings = SendingSettings(default_country=country)
    [outgoing] = compose_rows(Draft(body="Hello", sender="+12025550110"), rows, settings)
    with pytest.raises(UsageError, match="rounded by a spreadsheet"):
        normalize_address(outgoing.to, country)


@pytest.mark.parametrize(
    ("to", "to_column", "message"),
    [
        (
            pd.DataFrame({"phone": [ANN], "mobile": [BEN]}),
            None,
            r"phone, mobile\. Choose one with to_col",
        ),
        (pd.DataFrame({"name": ["Ann"]}), None, "no column 'to'; it has name"),
        (pd.DataFrame({"to": [ANN]}), "phone", "no column 'phone'; it has to"),
        (pd.DataFrame([[ANN, BEN]], columns=["to", "to"]), None, "the column 'to' twice"),
        ([{"to": ANN}, {"name": "Ben"}], None, "Row 1 has no 'to'; it has name"),
        ([{"to": ANN}, BEN], None, "some are not"),
    ],
)
def test_what_is_not_clear_is_refused(to: object, to_column: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_recipients(to, OUR_US, to_column)

"""Filters: what a frame gives goes back in, what cannot be is refused, what was never seen is said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from workbench.api import Workbench
from workbench.errors import UnknownName, UsageError
from workbench.lake import Lake
from workbench.metrics import DIMENSIONS, query_metric
from workbench.metrics.filter_values import read_filters, read_names, split_values
from workbench.metrics.known_values import find_unknown
from workbench.metrics.sql_text import literal, with_literals

SAME = [
    ("error_code", 30003, ("30003",)),
    ("error_code", 30003.0, ("30003",)),
    ("error_code", "30003", ("30003",)),
    ("error_code", np.int64(30003), ("30003",)),
    ("error_code", np.float64(30003), ("30003",)),
    ("error_code", [30003, float("nan")], ("30003", None)),
    ("error_code", pd.Series([30003, None], dtype="Int32"), ("30003", None)),
    ("error_code", np.array([30003, 30007]), ("30003", "30007")),
    ("error_code", None, (None,)),
    ("day", date(2026, 9, 1), ("2026-09-01",)),
    ("day", "2026-09-01", ("2026-09-01",)),
    ("day", pd.Timestamp("2026-09-01"), ("2026-09-01",)),
    ("day", datetime(2026, 9, 1, tzinfo=UTC), ("2026-09-01",)),
    ("day", np.datetime64("2026-09-01T00:00:00.000000000"), ("2026-09-01",)),
    ("day", [pd.Timestamp("2026-09-01"), pd.NaT], ("2026-09-01", None)),
    ("day", pd.DatetimeIndex(["2026-09-01", "2026-09-02"]), ("2026-09-01", "2026-09-02")),
    ("week", "2026-09-07", ("2026-09-07",)),
    ("month", "2026-10", ("2026-10-01",)),
    ("month", "2026-10-01", ("2026-10-01",)),
    ("hour", "07", ("7",)),
    ("weekday", np.int32(7), ("7",)),
    ("country", "us", ("US",)),
    ("country", map(str.lower, ["US", "CA", "US"]), ("US", "CA")),
    ("country", (code for code in ["us"]), ("US",)),
    ("country", {"US": 1}.keys(), ("US",)),
    ("country", [], ()),
    ("status", "Delivered", ("delivered",)),
    ("status", "unheard_of", ("unheard_of",)),  # Twilio may add one: the lake decides
    ("outcome", "In Flight", ("in flight",)),
    ("sender", " +12025550110 ", ("+12025550110",)),
    ("sender", [pd.NA, "+12025550110"], (None, "+12025550110")),
]


@pytest.mark.parametrize(("name", "value", "texts"), SAME)
def test_a_value_is_read_from_whatever_holds_it(name: str, value: Any, texts: tuple[str | None, ...]) -> None:
    assert read_filters({name: value}) == {name: texts}


WRONG = [
    ({"error_code": "30003x"}, "error_code is '30003x'; allowed is a whole number"),
    ({"error_code": 30003.5}, "30003.5"),
    ({"error_code": True}, "True"),
    ({"hour": 24}, "a whole number from 0 to 23"),
    ({"weekday": 0}, "a whole number from 1 to 7"),
    ({"day": "1 September"}, "allowed is a day, as 2026-09-07"),
    ({"day": 5}, "day is 5"),
    ({"day": datetime(2026, 9, 1, 8)}, "allowed is a day"),
    ({"week": "2026-09-08"}, "Monday of a week; the one with that day is 2026-09-07"),
    ({"month": "2026-09-08"}, "the one with that day is 2026-09-01"),
    ({"outcome": "delivred"}, "Did you mean 'delivered'"),
    ({"encoding": "utf-8"}, "Known: GSM-7, UCS-2"),
    ({"country": 1}, "country is 1; allowed is text"),
    ({"country": {"US": True}}, "one value, or a list of values"),
    ({"country": b"US"}, "one value, or a list of values"),
    ({"contry": "US"}, "Did you mean 'country'"),
    ("country=US", "write a mapping of dimension to value"),
    (["country"], "write a mapping"),
]


@pytest.mark.parametrize(("where", "message"), WRONG)
def test_what_cannot_be_is_refused_by_name(where: Any, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_filters(where)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("by", "names"),
    [
        (None, ()),
        ("day", ("day",)),
        ("day, sender", ("day", "sender")),
        (("day,sender", "day"), ("day", "sender")),
        (map(str, ["country"]), ("country",)),
        (pd.Index(["country"]), ("country",)),
    ],
)
def test_names_to_group_by(by: Any, names: tuple[str, ...]) -> None:
    assert read_names(by) == names


@pytest.mark.parametrize("by", [5, b"day", {"day": 1}, [None], [["day"]]])
def test_names_that_are_none(by: Any) -> None:
    with pytest.raises(UsageError, match="write the names of dimensions"):
        read_names(by)


def test_a_typed_text_is_split_where_it_holds_several() -> None:
    assert split_values(DIMENSIONS["country"], "US, CA") == ["US", "CA"]
    assert split_values(DIMENSIONS["error_code"], "") == [None]
    assert split_values(DIMENSIONS["error_code"], "30003,") == ["30003", None]
    whole = "GSM-7, 161–170 characters"
    assert split_values(DIMENSIONS["boundary"], whole) == [whole]


@pytest.mark.parametrize("name", sorted(DIMENSIONS))
def test_the_groups_of_a_metric_go_back_in_and_are_all_of_it(traffic_lake: Lake, name: str) -> None:
    """Each value of a frame finds exactly its own messages, all values together find all of them."""
    groups = query_metric(traffic_lake, "messages", name).frame
    assert len(groups)
    everything = query_metric(traffic_lake, "messages", where={name: groups[name]}).frame
    assert everything["messages"].tolist() == [groups["messages"].sum()]
    for value, messages in zip(groups[name], groups["messages"], strict=True):
        one_group = query_metric(traffic_lake, "messages", where={name: value}).frame
        assert one_group["messages"].tolist() == [messages], value


def test_what_the_lake_has_never_seen_is_found(traffic_lake: Lake) -> None:
    assert find_unknown(traffic_lake, read_filters({"sender": ["+15005550006"], "country": "NZ"})) == {
        "sender": ("+15005550006",)
    }
    assert find_unknown(traffic_lake, read_filters({"error_code": [30003, 99]})) == {"error_code": ("99",)}
    assert find_unknown(traffic_lake, read_filters({"day": "1999-01-01", "sender": None})) == {}


@pytest.fixture
def workbench(known_lake: Lake, settings: Any) -> Workbench:
    return Workbench(settings)


def test_a_metric_by_an_unknown_value_is_refused_and_answered_on_purpose(workbench: Workbench) -> None:
    for where in ({"sender": "+15005550006"}, {"status": "delivred"}, {"messaging_service": "MG" + "0" * 32}):
        with pytest.raises(UnknownName, match="--allow-unknown"):
            workbench.metric("messages", where=where)
        assert workbench.metric("messages", where=where, allow_unknown=True)["messages"].tolist() == [0]
    with pytest.raises(UnknownName, match="Did you mean 'delivered'"):
        workbench.metric("messages", where={"status": "delivred"})


@pytest.mark.parametrize("moment", [pd.NaT, 5, "yesterday", np.datetime64("NaT")])
def test_a_moment_that_is_none_is_refused(workbench: Workbench, moment: Any) -> None:
    with pytest.raises(UsageError, match="write a date as 2026-09-01"):
        workbench.metric("messages", since=moment)


def test_moments_of_pandas_and_numpy_are_moments(workbench: Workbench) -> None:
    days: list[Any] = [
        "2025-03-05",
        date(2025, 3, 5),
        pd.Timestamp("2025-03-05"),
        np.datetime64("2025-03-05"),
    ]
    counted = [workbench.metric("messages", since=day)["messages"].tolist() for day in days]
    assert counted[0] != [0]
    assert counted == counted[:1] * 4


QUESTIONS: list[Callable[[Workbench], pd.DataFrame]] = [
    lambda wb: wb.metric("messages", "day", {"country": ["US", None]}, since="2025-03-01"),
    lambda wb: wb.metric("spend", ["sender", "hour"], until="2025-03-08"),
    lambda wb: wb.metric("delivery_rate", where={"error_code": [None, 30003]}),
    lambda wb: wb.metric("peak_speed", "sender"),
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_sql_of_a_frame_runs_as_it_is(
    workbench: Workbench, question: Callable[[Workbench], pd.DataFrame]
) -> None:
    answer = question(workbench)
    again = workbench.sql(answer.attrs["sql"])
    # The names of senders are set beside their numbers afterwards.
    answer = answer.drop(columns="sender_name", errors="ignore")
    pd.testing.assert_frame_equal(again, answer, check_dtype=False, check_frame_type=False)


def test_counts_are_whole_numbers(workbench: Workbench) -> None:
    assert workbench.metric("segments")["segments"].dtype == "int64"
    assert workbench.metric("delivery_rate", "sender")[["sample_size", "in_flight"]].dtypes.tolist() == [
        "int64",
        "int64",
    ]


def test_an_empty_query_is_refused(workbench: Workbench) -> None:
    with pytest.raises(UsageError, match="The SQL is empty"):
        workbench.sql(" \n")


def test_parameters_are_written_only_where_they_stand() -> None:
    sql = "select '$a', \"$a\", $a, $ab, $a_b from t -- it''s"
    assert with_literals(sql, {"a": "it's", "ab": [1, None]}) == (
        "select '$a', \"$a\", 'it''s', [1, null], $a_b from t -- it''s"
    )
    assert literal(datetime(2026, 9, 1, 8, tzinfo=UTC)) == "timestamptz '2026-09-01 08:00:00+00:00'"
    with pytest.raises(TypeError, match="no literal"):
        literal(object())

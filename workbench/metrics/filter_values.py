"""Reads filters: names of dimensions, and the values of one. Pure.

A value is what a person typed, what a program computed, or what one of our own frames holds (a Timestamp, an
`np.int64`, 30003.0, NaN): what a frame gives goes back in. A value that cannot be one of the dimension's is
refused here; whether the lake has ever seen it is for :mod:`workbench.metrics.known_values`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from workbench.errors import UnknownName, UsageError
from workbench.metrics.definitions import DIMENSIONS, Dimension

FilterValue = str | int | float | date | None
"""One value; None (also NaN, NaT and NA) asks for rows where the dimension is empty."""

Where = Mapping[str, FilterValue | Iterable[FilterValue]]
Filters = dict[str, tuple[str | None, ...]]
"""Dimension → its values as SQL casts them to text, None for empty; without any, nothing meets the filter."""


def read_names(by: str | Iterable[str] | None) -> tuple[str, ...]:
    """Names of dimensions to group by, each once; several in one text have commas between them.

    Raises:
        UnknownName: a name is no dimension.
        UsageError: ``by`` holds something else than names.
    """
    if by is None:
        return ()
    if not isinstance(by, str) and (isinstance(by, Mapping | bytes) or not isinstance(by, Iterable)):
        raise _wrong_by(by)
    names: dict[str, None] = {}
    for text in [by] if isinstance(by, str) else by:
        if not isinstance(text, str):
            raise _wrong_by(text)
        names.update(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        find_dimension(name)
    return tuple(names)


def read_filters(where: Where | None) -> Filters:
    """The filters of a question, every iterable read once.

    Raises:
        UnknownName: a name is no dimension, or a value is none of a closed set.
        UsageError: ``where`` is no mapping, or a value is of another kind than the dimension's.
    """
    if where is None:
        return {}
    if not isinstance(where, Mapping):
        raise UsageError(
            f"where is {where!r}; write a mapping of dimension to value or values, as {{'country': 'US'}}."
        )
    return {name: read_values(find_dimension(name), value) for name, value in where.items()}


def read_values(dimension: Dimension, value: object) -> tuple[str | None, ...]:
    """The values of one dimension as its SQL writes them; errors as in :func:`read_filters`."""
    return tuple(dict.fromkeys(_read_value(dimension, item) for item in _items(dimension, value)))


def split_values(dimension: Dimension, text: str) -> list[str | None]:
    """The values in what a person typed: with commas between them, an empty text for none."""
    if text in dimension.vocabulary():
        return [text]
    return [item.strip() or None for item in text.split(",")]


def read_filter_texts(texts: Iterable[str], option: str) -> dict[str, list[str | None]]:
    """Filters as people write them, `country=US,CA`; the same dimension twice means either value.

    Args:
        option: what they are called there, as `--where`.

    Raises:
        UsageError: one is none.
        UnknownName: there is no such dimension.
    """
    filters: dict[str, list[str | None]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"{option} is {text!r}; write dimension=value, as country=US.")
        name = name.strip()
        filters.setdefault(name, []).extend(split_values(find_dimension(name), value.strip()))
    return filters


def find_dimension(name: str) -> Dimension:
    """A dimension by its name; UnknownName for what is none."""
    if name not in DIMENSIONS:
        raise UnknownName("dimension", name, DIMENSIONS, remedy=DIMENSIONS.reason(name))
    return DIMENSIONS[name]


def _wrong_by(value: object) -> UsageError:
    return UsageError(f"by is {value!r}; write the names of dimensions, as ['day', 'sender'].")


def _items(dimension: Dimension, value: object) -> Iterable[object]:
    if isinstance(value, Mapping | bytes):
        raise _wrong_value(dimension, value, "one value, or a list of values")
    # A numpy scalar says that it can be iterated and cannot.
    is_several = isinstance(value, Iterable) and not isinstance(value, str) and getattr(value, "ndim", 1) != 0
    return value if is_several else [value]  # type: ignore[return-value]


def _read_value(dimension: Dimension, value: object) -> str | None:
    value = _plain(value)
    if value is None:
        return None
    if dimension.kind == "number":
        return _read_number(dimension, value)
    if dimension.kind == "text":
        return _read_text(dimension, value)
    return _read_day(dimension, value).isoformat()


def _plain(value: object) -> object:
    """A value of Python's own for one of numpy's or pandas'; None for all that stands for no value."""
    if type(value).__name__ in ("NaTType", "NAType"):
        return None
    if type(value).__name__ == "datetime64":
        return None if str(value) == "NaT" else str(value)
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    return None if isinstance(value, float | Decimal) and math.isnan(value) else value


def _read_number(dimension: Dimension, value: object) -> str:
    number = value
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            number = None
    if isinstance(number, bool) or not isinstance(number, int | float | Decimal) or number != number // 1:
        raise _wrong_value(dimension, value, "a whole number")
    text = str(int(number))
    vocabulary = dimension.vocabulary()
    if dimension.is_closed and text not in vocabulary:
        low, high = vocabulary[0], vocabulary[-1]
        raise _wrong_value(dimension, value, f"a whole number from {low} to {high}")
    return text


def _read_text(dimension: Dimension, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong_value(dimension, value, "text")
    text = value.strip()
    by_folded = {known.casefold(): known for known in dimension.vocabulary()}
    if text.casefold() in by_folded:
        return by_folded[text.casefold()]
    if dimension.is_closed:
        raise UnknownName(dimension.name, text, dimension.vocabulary())
    return text


_FIRST_DAYS = {"day": "a day", "week": "the Monday of a week", "month": "a month or its first day"}


def _read_day(dimension: Dimension, value: object) -> date:
    """A day, the Monday of a week, or the first of a month; a time of day must be midnight."""
    day = _day_of(value)
    if day is None:
        example = "2026-09" if dimension.kind == "month" else "2026-09-07"
        raise _wrong_value(dimension, value, f"{_FIRST_DAYS[dimension.kind]}, as {example}")
    first = {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}
    if day != first[dimension.kind]:
        raise _wrong_value(
            dimension,
            value,
            f"{_FIRST_DAYS[dimension.kind]}; the one with that day is {first[dimension.kind]}",
        )
    return day


def _day_of(value: object) -> date | None:
    if isinstance(value, str):
        text = value.strip()
        try:
            value = datetime.fromisoformat(f"{text}-01" if len(text) == len("2026-09") else text)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value.date() if value.time() == datetime.min.time() else None
    return value if isinstance(value, date) else None


def _wrong_value(dimension: Dimension, value: object, allowed: str) -> UsageError:
    return UsageError(f"{dimension.name} is {value!r}; allowed is {allowed}.")


def known_to_vocabulary(dimension: Dimension, values: Collection[str | None]) -> bool:
    """Whether nothing needs to be looked up: every value is empty, a time, or a word of the field."""
    if dimension.kind in ("day", "week", "month"):
        return True
    vocabulary = set(dimension.vocabulary())
    return all(value is None or value in vocabulary for value in values)

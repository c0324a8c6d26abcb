"""One section of a definition file: which keys it may have, and the metric or dimension that it makes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any, get_args

from workbench.errors import UsageError
from workbench.lake.empty_lake import FACT_COLUMNS, EmptyLake, InvalidSql
from workbench.metrics.definitions.model import Dimension, Metric, Unit
from workbench.metrics.own.expressions import (
    AGGREGATES,
    PERSONAL,
    Expression,
    RefusedExpression,
    expanded,
    judge,
    plain_text,
)

_UNITS: tuple[str, ...] = get_args(Unit)
_TEXTS = (
    "label", "unit", "description", "expression", "denominator", "sample", "numerator_text",
    "denominator_text", "excludes", "better", "sample_noun",
)  # fmt: skip
_METRIC_KEYS = (*_TEXTS, "minimum_sample")
_DIMENSION_KEYS = ("label", "description", "expression", "values")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
#: Names that the results of every metric have for themselves.
_COMPANIONS = frozenset({"sample_size", "in_flight", "priced_share", "value", "local_created", "n", "cut"})
_NUMBERS = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL\(.*\))$")
_WHOLE_NUMBERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$")
_ENOUGH = 30
"""Fewer messages than these make no rate, unless the definition says otherwise."""


class InvalidDefinition(ValueError):
    """What is wrong with a definition; ``key`` is where, for the line."""

    def __init__(self, text: str, key: str = "") -> None:
        super().__init__(text)
        self.key = key


def require_possible_name(name: str) -> None:
    """Whether a metric or dimension may have this name, as far as the name alone tells.

    Raises:
        UsageError: saying what it is instead, or what is allowed.
    """
    try:
        check_definition_name(name)
        with EmptyLake() as empty:
            _try_name(name, empty)
    except InvalidDefinition as error:
        raise UsageError(f"{name!r} {error}") from error


def check_definition_name(name: str) -> None:
    """Whether a metric or dimension may have this name, but for words of SQL, which the engine knows.

    Raises:
        InvalidDefinition: saying what is allowed.
    """
    if not _NAME.fullmatch(name):
        raise InvalidDefinition(
            "has a name with other signs than a-z, 0-9 and _, a letter first; choose another."
        )
    if name in _COMPANIONS or name in FACT_COLUMNS:
        raise InvalidDefinition(
            "cannot be the name, results and messages have a column of it; choose another one."
        )


def read_metric(name: str, entry: Mapping[str, Any], empty: EmptyLake) -> Metric:
    """A metric of a section's content.

    Raises:
        InvalidDefinition: saying what is wrong with which key.
    """
    _check_keys(entry, _METRIC_KEYS, ("label", "unit", "description", "expression"))
    texts = {key: _text(entry, key) for key in _TEXTS if key in entry}
    unit = texts.pop("unit")
    if unit not in _UNITS:
        raise InvalidDefinition(f"has the unit {unit!r}; allowed is one of {', '.join(_UNITS)}.", "unit")
    if texts.get("better", "higher") not in ("higher", "lower"):
        raise InvalidDefinition(f"has better = {texts['better']!r}; write 'higher' or 'lower'.", "better")
    _check_basis(unit, texts)
    parts = {
        key: _aggregate(key, texts[key], unit, empty)
        for key in ("expression", "denominator", "sample")
        if key in texts
    }
    _try_name(name, empty)
    sampled = "denominator" in texts or "sample" in texts
    numerator = parts["expression"].sql
    texts.setdefault("sample_noun", "messages")
    texts.setdefault("numerator_text", " ".join(texts["expression"].split()))
    if "denominator" in texts:
        texts.setdefault("denominator_text", " ".join(texts["denominator"].split()))
        # It is divided as a whole, whatever it is made of.
        numerator = f"({numerator})"
    kept: dict[str, Any] = {
        key: text
        for key, text in texts.items()
        if key not in ("expression", "denominator", "sample", "better")
    }
    return Metric(
        name=name,
        unit=unit,  # type: ignore[arg-type]
        numerator=numerator,
        denominator=f"({parts['denominator'].sql})" if "denominator" in parts else None,
        sample=parts["sample"].sql if "sample" in parts else None,
        better=texts.get("better"),  # type: ignore[arg-type]
        minimum_sample=_minimum(entry, _ENOUGH if sampled and unit != "money" else 0),
        is_additive=not sampled
        and parts["expression"].functions & AGGREGATES <= {"count", "count_star", "sum"},
        **kept,
    )


def _check_basis(unit: str, texts: Mapping[str, str]) -> None:
    """A number travels with what it stands on: see the rules of built-in metrics."""
    has_denominator, has_sample = "denominator" in texts, "sample" in texts
    if has_denominator and has_sample:
        raise InvalidDefinition(
            "has a denominator and a sample; the denominator is the sample, leave `sample` out.", "sample"
        )
    if unit == "rate" and not has_denominator:
        raise InvalidDefinition(
            "is a rate without a denominator; write what it is a share of, as denominator.", "unit"
        )
    if unit in ("ratio", "duration", "speed") and not (has_denominator or has_sample):
        raise InvalidDefinition(
            f"is a {unit} and says nothing of how many messages stand behind it; write a denominator, or as "
            'sample the count of the values, as sample = "count(segments)".',
            "unit",
        )
    if unit == "count" and (has_denominator or has_sample):
        raise InvalidDefinition(
            "is a count with a denominator or a sample; a count has neither. Is it a rate or a ratio?", "unit"
        )


def _aggregate(key: str, text: str, unit: str, empty: EmptyLake) -> Expression:
    """An expression that makes one number of many messages."""
    expression = _let_in(key, text, empty)
    if not expression.functions & AGGREGATES:
        raise InvalidDefinition(
            f"has in {key} no aggregate; a metric counts or sums, as count(*) or sum(segments).", key
        )
    if out := sorted(expression.exposed & PERSONAL):
        raise InvalidDefinition(
            f"would show {', '.join(out)} in {key}: addresses and texts of people may be counted, compared "
            "and measured, as count(distinct contact) or avg(length(body)).",
            key,
        )
    if unit != "money" and "spend" in expression.exposed:
        raise InvalidDefinition(
            f"adds spend in {key} and is no money: amounts of several currencies would be added. Write unit "
            '= "money"; it is then by currency.',
            key,
        )
    type_ = _type_of(key, expression, empty)
    if not _NUMBERS.match(type_):
        raise InvalidDefinition(f"gives {type_} in {key}; a metric is a number.", key)
    if (key != "expression" or unit == "count") and not _WHOLE_NUMBERS.match(type_):
        # A sample is shown as a count of messages.
        what = "a count" if key == "expression" else f"a {key}"
        raise InvalidDefinition(
            f"gives {type_} in {key}; {what} is a whole number, as count(*) or sum(segments).", key
        )
    return expression


def read_dimension(name: str, entry: Mapping[str, Any], empty: EmptyLake) -> Dimension:
    """A dimension of a section's content; errors as of :func:`read_metric`."""
    _check_keys(entry, _DIMENSION_KEYS, ("label", "description", "expression"))
    texts = {key: _text(entry, key) for key in ("label", "description", "expression")}
    expression = _let_in("expression", texts["expression"], empty)
    if aggregates := sorted(expression.functions & AGGREGATES):
        raise InvalidDefinition(
            f"calls {aggregates[0]}; a dimension is a value of each single message.", "expression"
        )
    out = sorted(expression.exposed & PERSONAL)
    if out and not expression.is_bare_address:
        raise InvalidDefinition(
            f"would show {', '.join(out)}: compare it, as case when body ilike '%order%' then 'order' else "
            "'other' end; or let the dimension be the address alone (contact), which is shown masked.",
            "expression",
        )
    _try_name(name, empty)
    type_ = _type_of("expression", expression, empty)
    is_number = bool(_WHOLE_NUMBERS.match(type_))
    if not is_number and type_ not in ("VARCHAR", "DATE"):
        raise InvalidDefinition(
            f"gives {type_}; a dimension is a text, a whole number or a date. Write case when … then 'yes' "
            "else 'no' end, or cast(… as integer).",
            "expression",
        )
    kind = "number" if is_number else "day" if type_ == "DATE" else "text"
    values = _values(entry)
    return Dimension(
        name,
        texts["label"],
        expression.sql,
        texts["description"],
        kind=kind,  # type: ignore[arg-type]
        vocabulary=lambda: values,
        is_address=expression.is_bare_address,
    )


def _let_in(key: str, text: str, empty: EmptyLake) -> Expression:
    try:
        plain = plain_text(text)
        if not plain:
            raise RefusedExpression("is empty; write an expression over the columns, as count(*).")
        full = expanded(plain)
        return judge(full, empty.parse_expression(_without_parameter(full)))
    except (RefusedExpression, InvalidSql) as error:
        raise InvalidDefinition(f"is refused: {key} {error}", key) from error
    except RecursionError:
        raise InvalidDefinition(
            f"is refused: {key} is nested too deeply; write it in fewer steps.", key
        ) from None


def _type_of(key: str, expression: Expression, empty: EmptyLake) -> str:
    try:
        return empty.type_of(_without_parameter(expression.sql))
    except InvalidSql as error:
        raise InvalidDefinition(f"is refused: {key} cannot be compiled: {error}", key) from error


def _without_parameter(sql: str) -> str:
    """The expression for any one reader: the time zone is its only parameter, and ours."""
    return sql.replace("$timezone", "'UTC'")


def _try_name(name: str, empty: EmptyLake) -> None:
    """Results have a column of this name; words of SQL cannot be one."""
    try:
        empty.parse_name(name)
    except InvalidSql as error:
        raise InvalidDefinition("cannot be the name, it is a word of SQL; choose another one.") from error


def _check_keys(entry: Mapping[str, Any], allowed: tuple[str, ...], required: tuple[str, ...]) -> None:
    for key in entry:
        if key not in allowed:
            close = difflib.get_close_matches(key, allowed, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise InvalidDefinition(
                f"has {key!r}, which there is not.{hint} Allowed: {', '.join(allowed)}.", key
            )
    missing = [key for key in required if key not in entry]
    if missing:
        raise InvalidDefinition(f"lacks {', '.join(missing)}; needed are {', '.join(required)}.")


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry[key]
    if not isinstance(value, str) or not value.strip():
        raise InvalidDefinition(f"has {key} = {value!r}; write a text in quotes.", key)
    return value.strip()


def _minimum(entry: Mapping[str, Any], default: int) -> int:
    value = entry.get("minimum_sample", default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidDefinition(
            f"has minimum_sample = {value!r}; write a whole number from 0.", "minimum_sample"
        )
    return value


def _values(entry: Mapping[str, Any]) -> tuple[str, ...]:
    values = entry.get("values", [])
    if not isinstance(values, list) or not all(isinstance(value, str | int) for value in values):
        raise InvalidDefinition(
            f"has values = {values!r}; write a list, as ['morning', 'evening'].", "values"
        )
    return tuple(map(str, values))

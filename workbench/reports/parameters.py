"""The parameters of a report: read from the notebook's `parameters` cell, and checked before a run. Pure.

They are declared only in that cell: `name: type = default  # what it is`. Types are those of :data:`_KINDS`,
a `Literal[…]` of texts, or one of these with `| None`.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from workbench.errors import UnknownName, UsageError, WorkbenchError
from workbench.table_files import read_table

_KINDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "date": "a date as 2026-09-01",
    "list[str]": "texts with commas between them",
}
_SECRET_NAME = re.compile(r"token|secret|passw|credential|api_?key|private_?key", re.IGNORECASE)
#: An auth token, the SID of an API key, a private key. Other SIDs do not match, as other letters stand
#: before.
_SECRET_VALUE = re.compile(r"\b(?:SK)?[0-9a-fA-F]{32}\b|-----BEGIN ")
_YES = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Parameter:
    """One parameter: `kind` is a key of `_KINDS`, `choices` are the allowed texts, empty for any."""

    name: str
    kind: str
    default: Any
    help: str
    choices: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        return "one of " + ", ".join(self.choices) if self.choices else _KINDS[self.kind]

    @property
    def default_text(self) -> str | None:
        """The default as somebody would type it; None if there is none."""
        if isinstance(self.default, list):
            return ",".join(self.default)
        return None if self.default is None else str(self.default)


def read_parameters(source: str, notebook: str) -> tuple[Parameter, ...]:
    """The parameters that a cell declares, in order.

    Raises:
        WorkbenchError: a line is not a declaration; the error names the notebook and the line.
    """
    comments = _comments(source)
    parameters = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value):
            raise _wrong_cell(notebook, node.lineno)
        try:
            kind, choices = _read_type(node.annotation)
            default = ast.literal_eval(node.value)
        except ValueError as error:
            raise _wrong_cell(notebook, node.lineno) from error
        name, comment = node.target.id, comments.get(node.end_lineno or node.lineno, "")
        if _SECRET_NAME.search(name):
            raise WorkbenchError(
                f"{notebook}: the parameter {name!r} looks like a secret. A report is kept and sent on, "
                "so secrets come from the environment only. Remove it."
            )
        parameters.append(Parameter(name, kind, default, comment, choices))
    return tuple(parameters)


def check_parameters(
    declared: Iterable[Parameter], given: Mapping[str, Any], *, secrets: Iterable[str] = ()
) -> dict[str, Any]:
    """Every parameter with its value in JSON form; dates are ISO texts.

    Args:
        given: values by name, also as typed texts; None and "" keep the default.
        secrets: values that no parameter may have.

    Raises:
        UnknownName: a parameter does not exist.
        UsageError: a value is of the wrong type, not allowed, or looks like a secret.
    """
    by_name = {parameter.name: parameter for parameter in declared}
    for name, value in given.items():
        _refuse_secret(name, value, secrets)
        if name not in by_name:
            raise UnknownName("parameter", name, by_name)
    values = {name: parameter.default for name, parameter in by_name.items()}
    for name, value in given.items():
        if value is not None and value != "":
            values[name] = _convert(by_name[name], value)
    return values


def read_rows(path: Path | str) -> list[dict[str, str]]:
    """A table of parameters (CSV, XLSX; ``-`` is stdin) with one run per row and names in its header.

    Raises:
        UsageError: the table cannot be read, has no rows, or a row has another number of cells than the
            header.
    """
    table = read_table(path)
    table.require_clean()
    if not table.rows:
        raise UsageError(
            f"{path} has no rows: the first line names the parameters, each further one is a run."
        )
    return [{name: cell.strip() for name, cell in record.items()} for record in table.records()]


def _wrong_cell(notebook: str, line: int) -> WorkbenchError:
    return WorkbenchError(
        f"{notebook}: line {line} of the parameters cell is not a declaration; write "
        f"`name: type = default  # what` with a type of {', '.join(_KINDS)} or Literal['…']."
    )


def _comments(source: str) -> dict[int, str]:
    """The comments by line number."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _read_type(node: ast.expr) -> tuple[str, tuple[str, ...]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _read_type(node.left)
    text = ast.unparse(node)
    if text in _KINDS:
        return text, ()
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal":
        chosen = ast.literal_eval(node.slice)
        return "str", (chosen,) if isinstance(chosen, str) else tuple(chosen)
    raise ValueError(text)


def _refuse_secret(name: str, value: Any, secrets: Iterable[str]) -> None:
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    is_known = any(secret and secret in text for secret in secrets)
    if _SECRET_NAME.search(name) or _SECRET_VALUE.search(text) or is_known:
        raise UsageError(
            f"The parameter {name!r} looks like a secret, and a report keeps its parameters. Secrets come "
            "from the environment or the credentials file; leave it out."
        )


def _convert(parameter: Parameter, value: Any) -> Any:
    try:
        converted = _CONVERTERS[parameter.kind](value)
    except (ValueError, TypeError, KeyError) as error:
        raise _not_allowed(parameter, value) from error
    if parameter.choices and converted not in parameter.choices:
        raise _not_allowed(parameter, value)
    return converted


def _not_allowed(parameter: Parameter, value: Any) -> UsageError:
    return UsageError(f"{parameter.name} is {value!r}; allowed is {parameter.allowed}.")


def _to_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _to_whole(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and value != int(value)):
        raise TypeError
    return int(value)


def _to_number(value: Any) -> float:
    number = float(value)
    if isinstance(value, bool) or number != number or number in (float("inf"), float("-inf")):
        raise ValueError
    return number


def _to_flag(value: Any) -> bool:
    return value if isinstance(value, bool) else _YES[str(value).strip().lower()]


def _to_date(value: Any) -> str:
    if isinstance(value, date):
        return (value.date() if isinstance(value, datetime) else value).isoformat()
    return date.fromisoformat(_to_text(value)).isoformat()


def _to_texts(value: Any) -> list[str]:
    items = value.split(",") if isinstance(value, str) else [_to_text(item) for item in value]
    return [item.strip() for item in items if item.strip()]


_CONVERTERS: Mapping[str, Any] = {
    "str": _to_text,
    "int": _to_whole,
    "float": _to_number,
    "bool": _to_flag,
    "date": _to_date,
    "list[str]": _to_texts,
}

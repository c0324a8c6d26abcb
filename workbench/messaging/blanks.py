"""Blanks of a text, as ``{{ first_name }}``: each is filled, or an error names it. Pure.

Every text that is sent goes through here, by whatever door it came. Values come from lists and people: they
are put in as they are, once, and never read as blanks themselves. Braces that are meant as braces are
written ``{{ '{{' }}``, or stand between ``{% raw %}`` and ``{% endraw %}``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from workbench.errors import UsageError
from workbench.messaging.written import as_text, is_missing

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import SandboxedEnvironment

LONGEST_RENDERED = 20_000
"""More than any message; a text that grows past it is a mistake in the template."""

ESCAPE = "Braces that are meant as braces are written {{ '{{' }}."

_MOST_NAMES = 30
_FAILURES = (
    ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, SyntaxError, TypeError,
    ValueError,
)  # fmt: skip
"""What an expression in a text can end in, besides jinja's own errors."""

_MARK = re.compile(r"\{\{|\{%|\{#")
_UNDEFINED_NAME = re.compile(r"'(.+)' is undefined")
_SPACED_BLANK = re.compile(r"\{\{\s*([^\W\d]\w*(?:[ \-.]+\w+)+)\s*\}\}")


def has_marks(text: str) -> bool:
    """Whether anything in the text begins a blank; a text without is sent exactly as it is."""
    return _MARK.search(text) is not None


def escape_blanks(text: str) -> str:
    """The text with every mark written so that filling gives back the text."""
    return _MARK.sub(lambda mark: "{{ '" + mark.group() + "' }}", text)


def blank_names(text: str, of: str = "The text") -> frozenset[str]:
    """The names of its blanks.

    Raises:
        UsageError: the text cannot be read.
    """
    from jinja2 import meta

    if not has_marks(text):
        return frozenset()
    return frozenset(meta.find_undeclared_variables(_parse(text, of, ())))


@lru_cache(maxsize=64)
def literal_parts(text: str) -> tuple[str, ...]:
    """What of a text is sent as it stands, without what is marked as literal on purpose ({% raw %})."""
    parts, is_raw = [], False
    for _, kind, value in _environment().lex(text):
        is_raw = kind == "raw_begin" or (is_raw and kind != "raw_end")
        if kind == "data" and not is_raw:
            parts.append(value)
    return tuple(parts)


def fill_typed(text: str, values: Mapping[str, object]) -> str:
    """A text that somebody typed or a program made, filled; without blanks it is exactly what it was.

    Such a text may hold what a stranger wrote, so it takes values, choices between them and filters that
    change little, and computes nothing: see :data:`_SIMPLE`.

    Raises:
        UsageError: as :func:`fill_blanks`.
    """
    if not has_marks(text):
        return text
    _parse(text, "The text", values)
    _require_simple(text)
    return fill_blanks(text, values).strip("\n")


def fill_blanks(text: str, values: Mapping[str, object], of: str = "The text") -> str:
    """A template's text, filled.

    Args:
        values: what goes into the blanks, by name; a name that is no word also answers to its spelling with
            underscores (`First Name` to ``{{ First_Name }}``). None, NaN, an empty text and one of spaces
            count as missing.
        of: what the text is, for errors.

    Raises:
        UsageError: a blank has no value, or the text cannot be read; it names the blank, the values that
            there are, and the nearest of them.
    """
    from jinja2 import TemplateError, UndefinedError

    given = by_word(values)
    present = {name: value for name, value in given.items() if not is_missing(value)}
    _refuse_numbers(_parse(text, of, given), of)
    try:
        filled = str(_compiled(text).render(present))
    except UndefinedError as error:
        raise UsageError(_undefined(str(error.message), of, given)) from error
    except (TemplateError, *_FAILURES) as error:
        raise UsageError(f"{of} cannot be filled: {error}.") from error
    if len(filled) > LONGEST_RENDERED:
        raise UsageError(f"{of} becomes {len(filled):,} characters long; correct it.")
    return filled


def by_word(values: Mapping[str, object]) -> dict[str, object]:
    """The values, and those whose name is no word also under their spelling with underscores."""
    spelled: dict[str, list[str]] = {}
    for name in values:
        spelled.setdefault(as_word(name), []).append(name)
    # Two columns of one spelling: nobody can tell which is meant, so neither answers to it.
    extra = {word: values[names[0]] for word, names in spelled.items() if len(names) == 1}
    return {**extra, **values}


def as_word(name: str) -> str:
    """The name as it can stand in a blank."""
    word = re.sub(r"\W+", "_", name.strip())
    return f"_{word}" if word[:1].isdigit() else word


def _printed(value: Any) -> Any:
    """What jinja writes for the result of a blank."""
    from jinja2 import Undefined

    return value if isinstance(value, Undefined) else as_text(value)


@cache
def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    # Texts of messages are not HTML: escaping happens where they are shown.
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, finalize=_printed
    )
    # Every name is a blank: {{ range }} or {{ dict }} is a column or it is missing.
    environment.globals.clear()
    return environment


@lru_cache(maxsize=64)
def _compiled(text: str) -> Any:
    return _environment().from_string(text)


@lru_cache(maxsize=64)
def _parsed(text: str) -> nodes.Template:
    return _environment().parse(text)


def _parse(text: str, of: str, names: Iterable[str]) -> nodes.Template:
    from jinja2 import TemplateSyntaxError

    try:
        return _parsed(text)
    except TemplateSyntaxError as error:
        spaced = _SPACED_BLANK.search(text)
        if spaced:
            question = _nearest(spaced[1], names)
            advice = f"{spaced.group()} is no blank, because its name is not one word. {question}".strip()
        else:
            problem = str(error.message).rstrip(".")
            advice = f"line {error.lineno}: {problem}. A blank is written {{{{ first_name }}}}."
        raise UsageError(f"{of}: {advice} {ESCAPE}") from error
    except RecursionError as error:
        raise UsageError(f"{of} nests too deep between its braces; correct it.") from error


def _refuse_numbers(parsed: nodes.Template, of: str) -> None:
    """A blank such as {{ 1 }} is one of another tool, and not to be sent as 1."""
    from jinja2 import nodes

    for output in parsed.find_all(nodes.Output):
        for part in output.nodes:
            if isinstance(part, nodes.Const) and not isinstance(part.value, str):
                raise UsageError(f"{of} has a blank {{{{ {part.value} }}}}, which is no name. {ESCAPE}")


_SIMPLE = frozenset({
    "Output", "TemplateData", "Name", "Const", "If", "CondExpr", "Compare", "Operand", "Not", "And", "Or",
    "Test", "Keyword", "Filter",
})  # fmt: skip
_SIMPLE_FILTERS = frozenset({"default", "d", "upper", "lower", "title", "capitalize", "trim", "int"})
"""None that a stranger's text could make grow without end."""


@lru_cache(maxsize=64)
def _require_simple(text: str) -> None:
    from jinja2 import nodes

    for node in _parsed(text).find_all(nodes.Node):
        name = type(node).__name__
        if name not in _SIMPLE or (isinstance(node, nodes.Filter) and node.name not in _SIMPLE_FILTERS):
            what = f"the filter {node.name!r}" if isinstance(node, nodes.Filter) else "more than names"
            raise UsageError(
                f"The text has {what} between its braces; here a blank is a name, as {{{{ first_name }}}} or "
                f"{{{{ first_name | default('there') }}}}. More goes into a template file. {ESCAPE}"
            )
    if any(kind == "comment_begin" for _, kind, _ in _environment().lex(text)):
        raise UsageError(f"The text has a comment, {{# … #}}, that would not be sent; remove it. {ESCAPE}")


def _undefined(message: str, of: str, given: Mapping[str, object]) -> str:
    match = _UNDEFINED_NAME.fullmatch(message)
    if match is None:
        return f"{of} cannot be filled: {message}. {_there_are(given)}"
    blank = f"{{{{ {match[1]} }}}}"
    if match[1] in given:
        return f"{of} has a blank {blank}, and its value is empty. {_there_are(given)}"
    return (
        f"{of} has a blank {blank} without a value. {_there_are(given)} {_nearest(match[1], given)}{ESCAPE}"
    )


def _there_are(given: Mapping[str, object]) -> str:
    names = sorted(
        name
        for name, value in given.items()
        if not is_missing(value) and (as_word(name) == name or as_word(name) not in given)
    )
    if not names:
        return "There are no values for blanks here."
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"There are values for: {', '.join(names[:_MOST_NAMES])}{more}."


def _nearest(name: str, names: Iterable[str]) -> str:
    """A question that names the nearest spelling, or nothing."""
    word, known = as_word(name), sorted({as_word(known) for known in names})
    alike = difflib.get_close_matches(word.casefold(), {one.casefold() for one in known}, n=1)
    # Of those that differ in capitals only, the one written most like it.
    spelled = [one for one in known if one.casefold() in alike]
    close = difflib.get_close_matches(word, spelled, n=1, cutoff=0)
    return f"Did you mean {{{{ {close[0]} }}}}? " if close else ""

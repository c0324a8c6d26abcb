"""Fills the blanks of a text, such as ``{{ first_name }}``; a blank without a value is an error. Pure.

Every text that is sent goes through this module, whether it comes from a page, a notebook, a file or the
command line. Values are put in once, unchanged, and are never read as blanks themselves. To send braces,
write ``{{ '{{' }}``, or put the text between ``{% raw %}`` and ``{% endraw %}``.
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
"""Longer than any message can be; a text that grows beyond it shows a mistake in the template."""

ESCAPE = "To send braces, write {{ '{{' }}."

_MOST_NAMES = 30
_FAILURES = (
    ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, SyntaxError, TypeError,
    ValueError,
)  # fmt: skip
"""The errors that an expression in a text can raise, besides jinja's own."""

_MARK = re.compile(r"\{\{|\{%|\{#")
_UNDEFINED_NAME = re.compile(r"'(.+)' is undefined")
_SPACED_BLANK = re.compile(r"\{\{\s*([^\W\d]\w*(?:[ \-.]+\w+)+)\s*\}\}")


def has_marks(text: str) -> bool:
    """Whether the text holds a mark that can begin a blank; a text without one is sent exactly as it is."""
    return _MARK.search(text) is not None


def escape_blanks(text: str) -> str:
    """The text with every mark escaped, so that filling it gives the original text."""
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
    """The parts of a text that are sent unchanged, except those inside ``{% raw %}``."""
    parts, is_raw = [], False
    for _, kind, value in _environment().lex(text):
        is_raw = kind == "raw_begin" or (is_raw and kind != "raw_end")
        if kind == "data" and not is_raw:
            parts.append(value)
    return tuple(parts)


def fill_typed(text: str, values: Mapping[str, object]) -> str:
    """Fill a text that a person typed or a program built; a text without blanks is returned unchanged.

    Such a text may hold words of a stranger. So only values, choices between values and a few simple filters
    are allowed in its blanks (see :data:`_SIMPLE`), and nothing is computed.

    Raises:
        UsageError: as :func:`fill_blanks`.
    """
    if not has_marks(text):
        return text
    _parse(text, "The text", values)
    _require_simple(text)
    return fill_blanks(text, values).strip("\n")


def fill_blanks(text: str, values: Mapping[str, object], of: str = "The text") -> str:
    """Fill the text of a template.

    Args:
        values: what goes into the blanks, by name. A name that is not one word can also be written with
            underscores (``{{ First_Name }}`` for `First Name`). None, NaN, an empty text and a text of
            spaces count as missing.
        of: what the text is, for errors.

    Raises:
        UsageError: a blank has no value, or the text cannot be read. The error names the blank, the values
            that exist, and the nearest name.
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
    """The values by name; a name that is not one word also stands under its spelling with underscores."""
    spelled: dict[str, list[str]] = {}
    for name in values:
        spelled.setdefault(as_word(name), []).append(name)
    # Two columns with the same spelling are ambiguous, so neither can be used by that spelling.
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
    # Every name is a blank, jinja's own {{ range }} and {{ dict }} too: a column, or missing.
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
        raise UsageError(f"{of} has braces nested too deeply; correct it.") from error


def _refuse_numbers(parsed: nodes.Template, of: str) -> None:
    """Refuse a blank such as {{ 1 }}: it belongs to another tool, and must not be sent as 1."""
    from jinja2 import nodes

    for output in parsed.find_all(nodes.Output):
        for part in output.nodes:
            if isinstance(part, nodes.Const) and not isinstance(part.value, str):
                raise UsageError(f"{of} has a blank {{{{ {part.value} }}}}, which is not a name. {ESCAPE}")


_SIMPLE = frozenset({
    "Output", "TemplateData", "Name", "Const", "If", "CondExpr", "Compare", "Operand", "Not", "And", "Or",
    "Test", "Keyword", "Filter",
})  # fmt: skip
_SIMPLE_FILTERS = frozenset({"default", "d", "upper", "lower", "title", "capitalize", "trim", "int"})
"""The filters that are allowed: none of them can make a stranger's text grow without limit."""


@lru_cache(maxsize=64)
def _require_simple(text: str) -> None:
    from jinja2 import nodes

    for node in _parsed(text).find_all(nodes.Node):
        name = type(node).__name__
        if name not in _SIMPLE or (isinstance(node, nodes.Filter) and node.name not in _SIMPLE_FILTERS):
            what = f"the filter {node.name!r}" if isinstance(node, nodes.Filter) else "more than names"
            raise UsageError(
                f"The text has {what} between its braces; here a blank is a name, as {{{{ first_name }}}} "
                f"or {{{{ first_name | default('there') }}}}. For more, use a template file. {ESCAPE}"
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
    """The question "Did you mean …?" with the nearest spelling; empty if none is near."""
    word, blank_names = as_word(name), sorted({as_word(candidate) for candidate in names})
    alike = difflib.get_close_matches(
        word.casefold(), {blank_name.casefold() for blank_name in blank_names}, n=1
    )
    # Among names that differ only in upper and lower case, take the most similar one.
    spelled = [blank_name for blank_name in blank_names if blank_name.casefold() in alike]
    close = difflib.get_close_matches(word, spelled, n=1, cutoff=0)
    return f"Did you mean {{{{ {close[0]} }}}}? " if close else ""

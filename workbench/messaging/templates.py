"""Texts with blanks: rendered in a sandbox, with every blank filled or an error that names it. Pure.

Values come from lists and people; they are put in as they are and never read as templates themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.errors import UsageError

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

LONGEST_RENDERED = 20_000
"""More than any message; a text that grows past it is a mistake in the template."""

_STOP_WORD = re.compile(r"\bSTOP\b", re.IGNORECASE)


@dataclass(frozen=True)
class Template:
    """A text to send again and again, or a content template that Twilio keeps."""

    name: str
    body: str = ""
    title: str = ""
    tags: tuple[str, ...] = ()
    language: str | None = None
    business_name: bool = False
    """Begins with the business's name."""
    opt_out_line: bool = False
    """Ends with how to opt out."""
    content_sid: str | None = None
    content_variables: Mapping[str, str] = field(default_factory=dict)
    """For a content template: each of its variables, as a text with blanks."""

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the blanks, in order of the alphabet."""
        from jinja2 import meta

        environment, found = _environment(), set[str]()
        for text in (self.body, *self.content_variables.values()):
            found |= meta.find_undeclared_variables(environment.parse(text))
        return tuple(sorted(found))


def render(
    template: Template,
    values: Mapping[str, object],
    *,
    business_name: str | None = None,
    opt_out_line: str = "",
) -> str:
    """The text for one recipient.

    Args:
        values: what goes into the blanks; None, NaN and an empty text count as missing.
        business_name: put before it, where the template asks for that.
        opt_out_line: put after it, where the template asks for that and the text has none.

    Raises:
        UsageError: a blank has no value, the template is wrong, or it asks for a name that is not set.
    """
    text = render_text(template.body, values, template.name).strip("\n")
    if template.business_name:
        if not business_name:
            raise UsageError(
                f"Template {template.name!r} begins with the business's name; set [sending] business_name."
            )
        if not text.startswith(business_name):
            text = f"{business_name}: {text}"
    if template.opt_out_line and opt_out_line and not _STOP_WORD.search(text):
        text = f"{text}\n{opt_out_line}"
    return text


def render_text(text: str, values: Mapping[str, object], name: str = "text") -> str:
    """Any text with blanks, filled.

    Raises:
        UsageError: a blank has no value, or the text is no template.
    """
    from jinja2 import TemplateError, TemplateSyntaxError, UndefinedError

    given = {key: value for key, value in values.items() if not _is_missing(value)}
    try:
        rendered = _environment().from_string(text).render(given)
    except UndefinedError as error:
        known = ", ".join(sorted(given)) or "none"
        raise UsageError(f"Template {name!r}: {error.message}. Values were given for: {known}.") from error
    except TemplateSyntaxError as error:
        raise UsageError(f"Template {name!r}, line {error.lineno}: {error.message}.") from error
    except (TemplateError, TypeError, ValueError, ArithmeticError, OverflowError) as error:
        raise UsageError(f"Template {name!r} cannot be filled: {error}.") from error
    if len(rendered) > LONGEST_RENDERED:
        raise UsageError(f"Template {name!r} becomes {len(rendered):,} characters long; correct it.")
    return rendered


def _is_missing(value: object) -> bool:
    """NaN differs from itself."""
    return value is None or bool(value != value) or (isinstance(value, str) and not value.strip())


def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    # Texts of messages are not HTML: escaping happens where they are shown.
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


def search_templates(templates: Iterable[Template], words: str) -> list[Template]:
    """The templates that hold every word, in name, title, tags or text; best by name first."""
    wanted = words.casefold().split()

    def place(template: Template) -> tuple[bool, str]:
        return not all(word in template.name.casefold() for word in wanted), template.name

    return sorted((one for one in templates if all(word in _searched(one) for word in wanted)), key=place)


def _searched(template: Template) -> str:
    return " ".join([template.name, template.title, *template.tags, template.body]).casefold()


def read_template(name: str, data: Mapping[str, Any]) -> Template:
    """A template from a file's content.

    Raises:
        UsageError: naming the key, its value and what is allowed.
    """
    unknown = sorted(set(data) - set(_KINDS))
    if unknown:
        raise UsageError(f"Template {name!r} has no key {unknown[0]!r}; it has {', '.join(_KINDS)}.")
    for key, value in data.items():
        kind, allowed = _KINDS[key]
        if not isinstance(value, kind):
            raise UsageError(f"Template {name!r}: {key} is {value!r}; it must be {allowed}.")
    if bool(data.get("body")) == bool(data.get("content_sid")):
        raise UsageError(f"Template {name!r} needs a body or a content_sid, and not both.")
    variables = {str(key): str(value) for key, value in data.get("content_variables", {}).items()}
    template = Template(
        name, **{**data, "tags": tuple(map(str, data.get("tags", ()))), "content_variables": variables}
    )
    _check_syntax(template)
    return template


_KINDS: dict[str, tuple[type, str]] = {
    "body": (str, "a text"),
    "title": (str, "a text"),
    "tags": (list, "a list of texts"),
    "language": (str, 'a language, as "en"'),
    "business_name": (bool, "true or false"),
    "opt_out_line": (bool, "true or false"),
    "content_sid": (str, "the SID of a content template, HX and 32 hexadecimal digits"),
    "content_variables": (dict, "a table of texts"),
}


def _check_syntax(template: Template) -> None:
    from jinja2 import TemplateSyntaxError

    try:
        _ = template.variables
    except TemplateSyntaxError as error:
        raise UsageError(f"Template {template.name!r}, line {error.lineno}: {error.message}.") from error

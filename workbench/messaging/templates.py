"""Templates (texts that are sent many times): reading, searching, and filling one for a recipient. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import UsageError
from workbench.messaging.blanks import blank_names, fill_blanks

_SHORTCUT = re.compile(r"(?:[a-z0-9][a-z0-9-]{0,29})?")
_STOP_WORD = re.compile(r"\bSTOP\b", re.IGNORECASE)


@dataclass(frozen=True)
class Template:
    """A text that is sent many times, or a content template that Twilio stores."""

    name: str
    body: str = ""
    title: str = ""
    tags: tuple[str, ...] = ()
    language: str | None = None
    business_name: bool = False
    """Whether the text begins with the business's name."""
    opt_out_line: bool = False
    """Whether the text ends with how to opt out."""
    shortcut: str = ""
    """What is typed after a slash in the inbox to put it in, as `refund`."""
    content_sid: str | None = None
    content_variables: Mapping[str, str] = field(default_factory=dict)
    """For a content template: the value of each of its variables, as a text with blanks."""

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the blanks, in alphabetical order."""
        texts = (self.body, *self.content_variables.values())
        return tuple(sorted({name for text in texts for name in blank_names(text, self.label)}))

    @property
    def label(self) -> str:
        """Its name in error messages."""
        return f"Template {self.name!r}"


def render(
    template: Template,
    values: Mapping[str, object],
    *,
    business_name: str | None = None,
    opt_out_line: str = "",
) -> str:
    """The text for one recipient.

    Args:
        values: what goes into the blanks; None, NaN, an empty text and a text of spaces count as missing.
        business_name: put before the text if the template asks for it.
        opt_out_line: put after the text if the template asks for it and the text has none yet.

    Raises:
        UsageError: a blank has no value, the template is wrong, or it asks for a name that is not set.
    """
    text = fill_blanks(template.body, values, template.label).strip("\n")
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


def search_templates(templates: Iterable[Template], words: str) -> list[Template]:
    """The templates that contain every word in name, title, tags or text; matches in the name come first."""
    wanted = words.casefold().split()

    def place(template: Template) -> tuple[bool, str]:
        return not all(word in template.name.casefold() for word in wanted), template.name

    return sorted(
        (template for template in templates if all(word in _searched(template) for word in wanted)), key=place
    )


def _searched(template: Template) -> str:
    return " ".join([template.name, template.title, *template.tags, template.body]).casefold()


def read_template(name: str, data: Mapping[str, Any]) -> Template:
    """A template from a file's content.

    Raises:
        UsageError: a key is unknown or has a wrong value; the text names the key, its value and what is
            allowed.
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
    if not _SHORTCUT.fullmatch(data.get("shortcut", "")):
        raise UsageError(
            f"Template {name!r}: shortcut is {data['shortcut']!r}; it must be small letters a-z, digits "
            "and -, at most 30, without the slash."
        )
    variables = {str(key): str(value) for key, value in data.get("content_variables", {}).items()}
    template = Template(
        name, **{**data, "tags": tuple(map(str, data.get("tags", ()))), "content_variables": variables}
    )
    # Raises if a text cannot be read.
    _ = template.variables
    return template


_KINDS: dict[str, tuple[type, str]] = {
    "body": (str, "a text"),
    "title": (str, "a text"),
    "tags": (list, "a list of texts"),
    "language": (str, 'a language, as "en"'),
    "business_name": (bool, "true or false"),
    "opt_out_line": (bool, "true or false"),
    "shortcut": (str, "a word that is typed after a slash, as refund"),
    "content_sid": (str, "the SID of a content template, HX and 32 hexadecimal digits"),
    "content_variables": (dict, "a table of texts"),
}

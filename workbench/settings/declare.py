"""How a setting is declared: its default, what is allowed, what it means, and its environment variable.

A section is a frozen dataclass; each of its fields is made by one of the functions here. Reading,
`workbench config`, the template and the tables of the README all walk these declarations, so that what is
said of a setting is what is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, field, fields
from typing import Any, NamedTuple

Place = tuple[str, ...]
"""Where a setting stands in workbench.toml, as ("sync", "since")."""

_DECLARED = "declared"


class InvalidValue(ValueError):
    """A value that is not possible.

    Args:
        text: goes on after the setting's name, as "is 3; write true or false."
        key: of a table, the name whose value it is.
    """

    def __init__(self, text: str, key: str = "") -> None:
        super().__init__(text)
        self.key = key


class Kind(NamedTuple):
    """What values a setting takes.

    `allowed` says it to people, as the end of "write …". `parse` makes the value from what the file holds,
    and raises :class:`InvalidValue`. `from_text` makes what a file would hold from the text of an environment
    variable; None where there is no variable. A table has names of people's own, and stands as a section.
    """

    allowed: str
    parse: Callable[[Any], Any]
    from_text: Callable[[str], Any] | None = str
    is_table: bool = False


class Setting(NamedTuple):
    """One setting, as :func:`setting` declared it."""

    kind: Kind
    sentence: str
    key: str = ""
    variable: str | None = None
    example: str = ""
    default_text: str = ""
    secret: str | None = None
    group: str | None = None
    is_required: bool = False


class Section(NamedTuple):
    """A section with known names: the dataclass of its fields."""

    type: type[Any]
    sentence: str


class Entries(NamedTuple):
    """A section whose entries people name themselves; each is a section of the same type."""

    type: type[Any]
    sentence: str
    check_name: Callable[[str], str]
    example: str


class Member(NamedTuple):
    """A setting or a section in its place."""

    place: Place
    field_name: str
    declared: Setting | Section | Entries
    default: Any

    @property
    def name(self) -> str:
        """As messages call it: `[sync] since`; a bare key at the top of the file; `[mps_limits]`."""
        if isinstance(self.declared, Setting) and self.declared.kind.is_table:
            return f"[{'.'.join(self.place)}]"
        *sections, key = self.place
        return f"[{'.'.join(sections)}] {key}" if sections else key

    @property
    def variable(self) -> str | None:
        """Its environment variable: WORKBENCH_SECTION_KEY where no other was declared."""
        if not isinstance(self.declared, Setting) or self.declared.is_required:
            return None
        if self.declared.variable or self.declared.kind.from_text is None:
            return self.declared.variable
        return "WORKBENCH_" + "_".join(self.place).upper()


def setting(
    default: Any,
    kind: Kind,
    sentence: str,
    *,
    key: str = "",
    variable: str | None = None,
    example: str = "",
    default_text: str = "",
    secret: str | None = None,
    group: str | None = None,
) -> Any:
    """Declare a setting.

    Args:
        default: its value where nobody gives one.
        sentence: what it does, for the template and the README.
        key: its name in workbench.toml, where that is not the field's.
        variable: its environment variable, where that is not WORKBENCH_SECTION_KEY.
        example: a value as TOML, for the template, where the default is none.
        default_text: the default in words, where it depends on something.
        secret: its name in credentials.toml; it is refused in workbench.toml and never shown.
        group: settings of a group come all from the environment or all from the files.
    """
    declared = {_DECLARED: Setting(kind, sentence, key, variable, example, default_text, secret, group)}
    if isinstance(default, Mapping):
        return field(default_factory=lambda: default, metadata=declared)
    return field(default=default, metadata=declared)


def required(kind: Kind, sentence: str, *, example: str) -> Any:
    """Declare a setting that its section cannot do without."""
    return field(metadata={_DECLARED: Setting(kind, sentence, example=example, is_required=True)})


def file_only(kind: Kind) -> Kind:
    """The kind without an environment variable, for entries, which have names of people's own."""
    return kind._replace(from_text=None)


def section(type: type[Any], sentence: str) -> Any:
    """Declare a section with known names."""
    return field(default_factory=type, metadata={_DECLARED: Section(type, sentence)})


def entries(type: type[Any], sentence: str, check_name: Callable[[str], str], example: str) -> Any:
    """Declare a section whose entries people name themselves.

    Args:
        check_name: gives the name back, or raises :class:`InvalidValue`.
        example: the name of an entry, for the template.
    """
    return field(default_factory=dict, metadata={_DECLARED: Entries(type, sentence, check_name, example)})


def members(type: type[Any], place: Place = ()) -> dict[str, Member]:
    """What a section declares, by the names in the file.

    Args:
        place: where the section stands.
    """
    made = (_member(each, place) for each in fields(type) if _DECLARED in each.metadata)
    return {member.place[-1]: member for member in made}


def all_settings(type: type[Any], place: Place = ()) -> Iterator[Member]:
    """Every setting of a section and of the sections in it; entries stand under their example's name."""
    for member in members(type, place).values():
        if isinstance(member.declared, Setting):
            yield member
        elif isinstance(member.declared, Section):
            yield from all_settings(member.declared.type, member.place)
        else:
            yield from all_settings(member.declared.type, (*member.place, member.declared.example))


def _member(each: Field[Any], place: Place) -> Member:
    declared = each.metadata[_DECLARED]
    key = (declared.key if isinstance(declared, Setting) else "") or each.name
    default = each.default if each.default is not MISSING else None
    if isinstance(declared, Setting) and each.default_factory is not MISSING:
        default = each.default_factory()
    return Member((*place, key), each.name, declared, default)

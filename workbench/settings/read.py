"""Reads all settings at once: the environment first, then ``credentials.toml`` and ``workbench.toml``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from workbench.errors import ConfigError
from workbench.settings.declare import Entries, InvalidValue, Member, Place, Section, Setting, members
from workbench.settings.files import TomlFile, read_private_toml, read_toml
from workbench.settings.home import CREDENTIALS_FILE, SETTINGS_FILE, find_home
from workbench.settings.model import Settings
from workbench.settings.names import (
    looks_secret,
    misplaced_secrets,
    outside_files,
    secret_names,
    secret_variables,
    top_names,
    unknown_name,
    unknown_variables,
)
from workbench.settings.secret_files import read_secret_files

#: A group of settings comes from the environment if one of these variables is set, else from the files. A mix
#: of both could combine one account's SID with another account's token.
_DECIDERS: Mapping[str, tuple[str, ...]] = {
    "account": ("TWILIO_ACCOUNT_SID",),
    "shared key": ("TWILIO_ACCOUNT_SID", "TWILIO_WEBHOOK_KEY", "TWILIO_WEBHOOK_SECRET"),
    "subaccounts": ("TWILIO_ACCOUNT_SID", "TWILIO_SUBACCOUNT_TOKENS"),
}
_UNUSED_ALONE = ("TWILIO_AUTH_TOKEN", "TWILIO_API_KEY", "TWILIO_API_SECRET")


class SettingsReader(NamedTuple):
    """The settings as they were read, with all problems.

    `settings` has the default instead of a wrong value, and is None if values contradict each other.
    `sources` is the source of each value that is not a default; `text` is the content of workbench.toml.
    """

    settings: Settings | None
    problems: tuple[str, ...]
    notices: tuple[str, ...]
    sources: Mapping[Place, str]
    text: str


class _Given(NamedTuple):
    """The value that was given for a setting, and its source."""

    value: Any
    source: str
    where: Callable[[str], str]
    """Gives the beginning of a message about the value, or about one of its keys."""


def read_settings(
    environ: Mapping[str, str] | None = None, *, cwd: Path | None = None, home: Path | str | None = None
) -> SettingsReader:
    """Read the settings and collect all problems, for ``workbench config``."""
    env = os.environ if environ is None else environ
    if home is not None:
        env = {**env, "WORKBENCH_HOME": str(home)}
    return _Reader(env, find_home(env, cwd or Path.cwd())).read()


def find_current_home() -> Path:
    """The home that this process would read its settings from, also where these are wrong."""
    return find_home(os.environ, Path.cwd())


class _Reader:
    def __init__(self, env: Mapping[str, str], home: Path) -> None:
        secret_files = read_secret_files(env, secret_variables())
        self._env, self._secret_files = secret_files.environ, secret_files.sources
        self._home = home
        self._problems: list[str] = unknown_variables(name for name in env if env[name])
        self._problems += secret_files.problems
        self._sources: dict[Place, str] = {}
        self._file = self._read_file(read_toml, home / SETTINGS_FILE)
        self._credentials = self._read_file(read_private_toml, home / CREDENTIALS_FILE)
        self._misplaced = misplaced_secrets(self._file.content)

    def read(self) -> SettingsReader:
        for place in self._misplaced:
            if place[-1] in outside_files():
                self._problems.append(_outside_files(self._file.where(place), place[-1]))
                continue
            self._problems.append(
                f"{self._file.where(place)} holds {place[-1]!r}. Secrets do not belong there: move it to the "
                f"environment or to {CREDENTIALS_FILE} beside it (`workbench init` writes that file with "
                "mode 0600)."
            )
        self._check_credentials_names()
        settings = self._section(Settings, self._file.content, (), home=self._home)
        if settings is not None:
            try:
                _ = settings.optional_credentials
            except ConfigError as error:
                self._problems.append(str(error))
        return SettingsReader(
            settings, tuple(self._problems), tuple(self._notices()), self._sources, self._file.text
        )

    def _read_file(self, read: Callable[[Path], TomlFile], path: Path) -> TomlFile:
        try:
            return read(path)
        except ConfigError as error:
            self._problems.append(str(error))
            return TomlFile(path, "", {})

    def _notices(self) -> list[str]:
        unused = [name for name in _UNUSED_ALONE if self._env.get(name)]
        if not unused or self._env.get("TWILIO_ACCOUNT_SID"):
            return []
        return [
            f"{' and '.join(unused)} in the environment is not used: without TWILIO_ACCOUNT_SID beside it "
            "the whole account comes from the files."
        ]

    def _check_credentials_names(self) -> None:
        allowed = secret_names()
        for name in self._credentials.content:
            if name in outside_files():
                self._problems.append(_outside_files(self._credentials.where((name,)), name))
            elif name not in allowed:
                text = unknown_name((name,), allowed).replace(SETTINGS_FILE, CREDENTIALS_FILE, 1)
                self._problems.append(f"{self._credentials.where((name,))}: {text}")

    def _section(
        self, type: Callable[..., Any], content: Any, place: Place, *, label: str = "", **given: Any
    ) -> Any:
        """A section's dataclass from its content in the file; None if its values contradict each other."""
        declared = members(type, place)  # type: ignore[arg-type]
        if not isinstance(content, Mapping):
            name = ".".join(place)
            self._problems.append(
                f"{self._file.where(place)}: {name} must be a section, written as [{name}]."
            )
            content = {}
        self._check_names(declared, content, place)
        values = dict(given)
        for key, member in declared.items():
            value = self._member(member, content.get(key), is_there=key in content)
            if value is not _NOTHING:
                values[member.field_name] = value
        if missing := [key for key, member in declared.items() if _is_missing(member, values)]:
            self._problems.append(
                f"{self._file.where(place)}: [{'.'.join(place)}] needs {_line_for(declared[missing[0]])}"
            )
            return None
        try:
            return type(**values)
        except ConfigError as error:
            self._problems.append(f"{self._file.where(place)}: {label}{error}")
            return None

    def _check_names(self, declared: Mapping[str, Member], content: Mapping[str, Any], place: Place) -> None:
        """Note unknown names, because a misspelt name would silently leave the default in force."""
        for name, value in content.items():
            here = (*place, name)
            if name in declared or here in self._misplaced:
                continue
            is_section = isinstance(value, Mapping)
            allowed = top_names(sections=is_section) if not place else _plain_names(declared)
            self._problems.append(
                f"{self._file.where(here)}: {unknown_name(here, allowed, is_section=is_section)}"
            )

    def _member(self, member: Member, content: Any, *, is_there: bool) -> Any:
        """The value of a setting or a section; `_NOTHING` if its default applies."""
        if isinstance(member.declared, Setting):
            return self._setting(member, member.declared, content, is_there=is_there)
        if isinstance(member.declared, Section):
            value = self._section(member.declared.type, content if is_there else {}, member.place)
        else:
            value = self._entries(member.declared, content if is_there else {}, member.place)
        return _NOTHING if value is None else value

    def _listed(self, declared: Entries, content: Any, place: Place) -> dict[str, Any] | None:
        """The entries of a list, by their names, in its order."""
        name = place[-1]
        if not isinstance(content, list) or not all(isinstance(entry, Mapping) for entry in content):
            self._problems.append(
                f"{self._file.where(place)}: {name} must be a list of sections; write [[{name}]] above each."
            )
            return None
        entries: dict[str, Any] = {}
        for number, given in enumerate(content):
            here = (*place, str(given.get("name", number)))
            label = f"[[{name}]] {here[-1]}"
            if given.get("name") in entries:
                self._problems.append(
                    f"{self._file.where(place)}: {label} is there twice; each needs a name of its own."
                )
                continue
            entry = self._section(declared.type, given, here, label=f"{label} ")
            if entry is not None and self._is_name(declared, entry.name, here, label):
                entries[entry.name] = entry
        return entries

    def _entries(self, declared: Entries, content: Any, place: Place) -> dict[str, Any] | None:
        if declared.is_list:
            return self._listed(declared, content or [], place)
        if not isinstance(content, Mapping):
            self._problems.append(
                f"{self._file.where(place)}: {place[-1]} must be sections, as "
                f"[{place[-1]}.{declared.example}]."
            )
            return None
        entries: dict[str, Any] = {}
        for name, value in content.items():
            here = (*place, name)
            label = f"[{'.'.join(here)}]"
            if not self._is_name(declared, name, here, label):
                continue
            entry = self._section(declared.type, value, here, label=f"{label} ", name=name)
            if entry is not None:
                entries[name] = entry
        return entries

    def _is_name(self, declared: Entries, name: str, place: Place, label: str) -> bool:
        """Whether an entry may have this name; a problem is noted if not."""
        try:
            declared.check_name(name)
        except InvalidValue as error:
            self._problems.append(f"{self._file.where(place)}: {label} {error}")
            return False
        return True

    def _setting(self, member: Member, declared: Setting, content: Any, *, is_there: bool) -> Any:
        given = self._given(member, declared, content, is_there=is_there)
        if given is None:
            return _NOTHING
        try:
            value = declared.kind.parse(given.value)
        except InvalidValue as error:
            problem = str(error)
            if looks_secret(member.place[-1]) and not declared.secret:
                problem = f"has another value (not shown, it may be a secret); write {declared.kind.allowed}."
            self._problems.append(f"{given.where(error.key)} {problem}")
            return _NOTHING
        self._sources[member.place] = given.source
        return value

    def _given(self, member: Member, declared: Setting, content: Any, *, is_there: bool) -> _Given | None:
        """The given value, from the environment, else credentials.toml, else workbench.toml."""
        variable = member.variable
        decided = any(self._env.get(name) for name in _DECIDERS.get(declared.group or "", ()))
        from_text = declared.kind.from_text
        if variable and from_text and self._env.get(variable) and (decided or not declared.group):
            source = self._secret_files.get(variable, variable)
            return _Given(from_text(self._env[variable]), source, lambda _: source)
        if decided:
            return None
        name = declared.secret or (member.place[-1] if declared.group else "")
        if name and declared.in_files and self._credentials.content.get(name):
            begins = f"{self._credentials.where((name,))}: {name}"
            return _Given(self._credentials.content[name], CREDENTIALS_FILE, lambda _: begins)
        is_empty_table = declared.kind.is_table and content == {}
        if declared.secret or not is_there or is_empty_table or member.place in self._misplaced:
            return None

        def where(key: str) -> str:
            return f"{self._file.where((*member.place, key) if key else member.place)}: {member.name}"

        return _Given(content, SETTINGS_FILE, where)


_NOTHING = object()


def _outside_files(where: str, name: str) -> str:
    variable = outside_files()[name]
    return (
        f"{where} holds {name!r}, which belongs in no file that machines share or a backup copies: set "
        f"{variable}, or {variable}_FILE to the path of a file of its own."
    )


def _is_missing(member: Member, values: Mapping[str, Any]) -> bool:
    return (
        isinstance(member.declared, Setting)
        and member.declared.is_required
        and member.field_name not in values
    )


def _line_for(member: Member) -> str:
    assert isinstance(member.declared, Setting)
    return f"{member.place[-1]} = {member.declared.example}. {member.declared.sentence}"


def _plain_names(declared: Mapping[str, Member]) -> list[str]:
    """The names that are allowed in workbench.toml: all but secrets."""
    return [
        key
        for key, member in declared.items()
        if not (isinstance(member.declared, Setting) and member.declared.secret)
    ]

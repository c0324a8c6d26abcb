"""People who sign in with a password: a file of names, roles and argon2 hashes that only its owner reads."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from workbench.errors import ConfigError, UnknownName, UsageError
from workbench.lake.fleet.freshness import require_current
from workbench.lake.fleet.shared_files import FileChanges, change_files
from workbench.private_files import PrivateContent
from workbench.roles import ROLES

USERS_FILE = "users.toml"
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 512
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
_HEAD = "# Who signs in with a password. Written by `workbench users`; the hashes are argon2id.\n"


@dataclass(frozen=True)
class User:
    """One person; `hash` is argon2's own text with its parameters and salt."""

    name: str
    role: str
    hash: str = field(repr=False)

    @property
    def proof(self) -> str:
        """Changes with the password, so that a session ends with the password it began with."""
        return hashlib.sha256(self.hash.encode()).hexdigest()[:16]


class Users:
    """The file of one home, read again whenever it changed."""

    def __init__(self, home: Path) -> None:
        self._home, self.path = home, home / USERS_FILE
        self._file = PrivateContent[dict[str, User]](self.path, _read_users, {})
        self._hasher = PasswordHasher()

    @cached_property
    def _nobody(self) -> str:
        """Checked for names that do not exist, so that their answer takes as long."""
        return self._hasher.hash("nobody has this password")

    def all(self) -> dict[str, User]:
        """Every user by name.

        Raises:
            ConfigError: others may read the file, or it is not what `workbench users` writes.
            LakeError: a server of a fleet cannot know whether it is up to date.
        """
        require_current(self._home, USERS_FILE)
        return self._file.content()

    def check(self, name: str, password: str) -> User | None:
        """The user, if the password is theirs. Takes about as long either way; call it on a thread."""
        user = self.all().get(name.strip().lower())
        try:
            self._hasher.verify(user.hash if user else self._nobody, password[: LONGEST_PASSWORD + 1])
        except (VerificationError, InvalidHashError):
            return None
        return user

    def get(self, name: str) -> User:
        """One user. Raises UnknownName."""
        return _known(self.all(), name)

    def check_new(self, name: str) -> str:
        """The name as it is kept.

        Raises:
            UsageError: it is not possible, or taken.
        """
        name = _check_name(name)
        if name in self.all():
            raise UsageError(
                f"There is a user {name!r} already; `workbench users passwd {name}` changes the password, "
                f"`workbench users remove {name}` removes them."
            )
        return name

    def add(self, name: str, role: str, password: str) -> User:
        """A new user.

        Raises:
            UsageError: the name, the role or the password is not possible, or the name is taken.
        """
        name = self.check_new(name)
        _check_role(role)
        _check_password(name, password)
        with change_files(self._home, f"{USERS_FILE}.lock") as changes:
            users = dict(self.all())
            self.check_new(name)
            users[name] = User(name, role, self._hasher.hash(password))
            self._write(changes, users)
        return users[name]

    def set_password(self, name: str, password: str) -> User:
        """Another password; their sessions end.

        Raises:
            UnknownName: there is no such user. UsageError: the password is not possible.
        """
        with change_files(self._home, f"{USERS_FILE}.lock") as changes:
            users = dict(self.all())
            user = _known(users, name)
            _check_password(user.name, password)
            users[user.name] = replace(user, hash=self._hasher.hash(password))
            self._write(changes, users)
        return users[user.name]

    def remove(self, name: str) -> User:
        """Let a user go; their sessions end. Raises UnknownName."""
        with change_files(self._home, f"{USERS_FILE}.lock") as changes:
            users = dict(self.all())
            user = _known(users, name)
            del users[user.name]
            self._write(changes, users)
        return user

    def _write(self, changes: FileChanges, users: dict[str, User]) -> None:
        entries = (
            f"\n[{json.dumps(user.name)}]\nrole = {json.dumps(user.role)}\nhash = {json.dumps(user.hash)}\n"
            for user in sorted(users.values(), key=lambda user: user.name)
        )
        changes.write(self.path, _HEAD + "".join(entries))


def _read_users(path: Path) -> dict[str, User]:
    try:
        file = tomllib.loads(path.read_text(encoding="utf-8"))
        users = {name: User(name, entry["role"], entry["hash"]) for name, entry in file.items()}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path} is not what `workbench users` writes ({error}); put it back from a backup."
        ) from error
    for user in users.values():
        if user.role not in ROLES:
            raise ConfigError(
                f"{path}: {user.name} has the role {user.role!r}; roles are {', '.join(ROLES)}."
            )
    return users


def _known(users: dict[str, User], name: str) -> User:
    user = users.get(name.strip().lower())
    if user is None:
        raise UnknownName("user", name, users or ["nobody yet"])
    return user


def _check_name(name: str) -> str:
    lowered = name.strip().lower()
    if not _NAME.fullmatch(lowered):
        raise UsageError(
            f"{name!r} cannot be a user's name: up to 64 letters a–z, digits and . _ @ + -, "
            "a letter or digit first."
        )
    return lowered


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise UsageError(str(UnknownName("role", role, ROLES)))


def _check_password(name: str, password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UsageError(
            f"The password has {len(password)} characters; {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} "
            "are allowed."
        )
    if name in password.lower() or len(set(password)) < 5:
        raise UsageError("The password is too easy: it holds the name, or fewer than 5 different characters.")

"""Tokens of programs: a file of names, roles and hashes that only its owner reads.

A token is 256 random bits, so that nobody can try them out: SHA-256 is enough, and quick for each request.
`TOKEN_PREFIX` lets scanners for secrets and our own logs recognise one.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from workbench.errors import ConfigError, UnknownName, UsageError
from workbench.lake.fleet.freshness import require_current
from workbench.lake.fleet.shared_files import FileChanges, change_files
from workbench.private_files import PrivateContent
from workbench.roles import ROLES, Actor

TOKENS_FILE = "tokens.toml"
TOKEN_PREFIX = "wbt_"
SCOPE_AREAS = (
    "conversations", "messages", "outbox", "contacts", "templates", "consent", "metrics", "status", "reports",
    "events", "assistants",
)  # fmt: skip
"""What a token can be limited to, as `conversations:read` or `conversations:write`."""
SCOPES = tuple(f"{area}:{access}" for area in SCOPE_AREAS for access in ("read", "write"))

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_DAYS = re.compile(r"([1-9][0-9]{0,4})d")
_HEAD = "# Tokens of programs. Written by `workbench tokens`; the tokens themselves are nowhere.\n"


@dataclass(frozen=True)
class Token:
    """One token; `hash` is the SHA-256 of its text."""

    name: str
    role: str
    hash: str = field(repr=False)
    created_at: datetime
    created_by: str
    scopes: tuple[str, ...] = ()
    """What it is limited to; nothing means all that its role permits."""
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def actor(self) -> Actor:
        """Who acts with it, as the audit trail names them."""
        return Actor(self.name, self.role, kind="token")

    def may(self, scope: str) -> bool:
        """Whether its scopes include this one; to write includes to read."""
        area = scope.partition(":")[0]
        return not self.scopes or scope in self.scopes or f"{area}:write" in self.scopes

    def problem(self, now: datetime) -> str | None:
        """Why it is not taken any more, in words; None while it is."""
        if self.revoked_at is not None:
            return f"The token {self.name} was revoked on {self.revoked_at:%Y-%m-%d %H:%M} UTC."
        if self.expires_at is not None and self.expires_at <= now:
            return f"The token {self.name} expired on {self.expires_at:%Y-%m-%d %H:%M} UTC."
        return None


@dataclass(frozen=True)
class _TokensRead:
    """What the file of tokens holds."""

    by_name: dict[str, Token]
    by_hash: dict[str, Token]


class Tokens:
    """The file of one home, read again whenever it changed."""

    def __init__(self, home: Path) -> None:
        self._home, self.path = home, home / TOKENS_FILE
        self._file = PrivateContent[_TokensRead](self.path, _read_tokens, _TokensRead({}, {}))

    def all(self) -> dict[str, Token]:
        """Every token by name, the revoked ones too.

        Raises:
            ConfigError: others may read the file, or it is not what `workbench tokens` writes.
            LakeError: a server of a fleet cannot know whether it is up to date.
        """
        return self._content().by_name

    def of_text(self, text: str) -> Token | None:
        """The token with this text, also one that is not taken any more; None if there is none."""
        return self._content().by_hash.get(_hash(text))

    def check_new(self, name: str, role: str, scopes: Iterable[str], expires: Expires) -> Token:
        """A new token without its text, which nobody has yet.

        Raises:
            UsageError: the name, the role, a scope or the end is not possible, or the name is taken.
        """
        now = datetime.now(UTC)
        name = _check_name(name)
        if name in self.all():
            raise UsageError(
                f"There is a token {name!r} already, and a name stays with one token, so that the audit "
                "trail means one thing: choose another name."
            )
        if role not in ROLES:
            raise UsageError(str(UnknownName("role", role, ROLES)))
        return Token(name, role, "", now, "", _check_scopes(scopes), read_end(expires, now))

    def add(self, token: Token, created_by: str) -> str:
        """Keep a token that :meth:`check_new` gave; returns its text, which is nowhere else.

        Raises:
            UsageError: the name was taken meanwhile.
        """
        text = TOKEN_PREFIX + secrets.token_hex(32)
        with change_files(self._home, f"{TOKENS_FILE}.lock") as changes:
            self.check_new(token.name, token.role, token.scopes, None)
            tokens = {**self.all(), token.name: replace(token, hash=_hash(text), created_by=created_by)}
            self._write(changes, tokens)
        return text

    def revoke(self, name: str) -> Token:
        """Take a token no more, from the next request on. Its name stays in the list.

        Raises:
            UnknownName: there is no such token. UsageError: it was revoked before.
        """
        with change_files(self._home, f"{TOKENS_FILE}.lock") as changes:
            tokens = dict(self.all())
            token = tokens.get(name.strip().lower())
            if token is None:
                raise UnknownName("token", name, tokens or ["none yet"])
            if token.revoked_at is not None:
                raise UsageError(f"{token.problem(token.revoked_at)} Nothing is left to do.")
            tokens[token.name] = revoked = replace(token, revoked_at=datetime.now(UTC))
            self._write(changes, tokens)
        return revoked

    def _content(self) -> _TokensRead:
        require_current(self._home, TOKENS_FILE)
        return self._file.content()

    def _write(self, changes: FileChanges, tokens: dict[str, Token]) -> None:
        entries = (_entry(token) for token in sorted(tokens.values(), key=lambda token: token.name))
        changes.write(self.path, _HEAD + "".join(entries))


def _read_tokens(path: Path) -> _TokensRead:
    try:
        file = tomllib.loads(path.read_text(encoding="utf-8"))
        tokens = {name: _token(name, entry) for name, entry in file.items()}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{path} is not what `workbench tokens` writes ({error}); put it back from a backup."
        ) from error
    return _TokensRead(tokens, {token.hash: token for token in tokens.values()})


Expires = date | str | None
"""When a token ends: a day or moment, `90d` from now, or None for never."""


def read_end(expires: Expires, now: datetime) -> datetime | None:
    """The moment from which a token is not taken any more.

    Raises:
        UsageError: it says none, or one that is past.
    """
    if expires is None:
        return None
    if isinstance(expires, str) and (days := _DAYS.fullmatch(expires.strip())):
        return now + timedelta(days=int(days[1]))
    try:
        moment = datetime.fromisoformat(expires.strip()) if isinstance(expires, str) else expires
    except ValueError as error:
        raise UsageError(
            f"expires is {expires!r}; write a day as 2027-01-31, or a number of days from now as 90d."
        ) from error
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment <= now:
        raise UsageError(f"expires is {expires!s}, which is past; give a day to come.")
    return moment.astimezone(UTC)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _check_name(name: str) -> str:
    lowered = name.strip().lower()
    if not _NAME.fullmatch(lowered):
        raise UsageError(
            f"{name!r} cannot be a token's name: up to 64 letters a–z, digits and . _ -, a letter or digit "
            "first."
        )
    return lowered


def _check_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    if isinstance(scopes, str):
        scopes = scopes.split(",")
    names = tuple(dict.fromkeys(scope.strip() for scope in scopes if scope.strip()))
    for name in names:
        if name not in SCOPES:
            raise UsageError(str(UnknownName("scope", name, SCOPES)))
    return names


def _token(name: str, entry: dict[str, Any]) -> Token:
    if entry["role"] not in ROLES:
        raise ConfigError(f"The token {name} has the role {entry['role']!r}; roles are {', '.join(ROLES)}.")
    return Token(
        name=name,
        role=entry["role"],
        hash=entry["hash"],
        created_at=entry["created_at"],
        created_by=entry["created_by"],
        scopes=tuple(entry["scopes"]),
        expires_at=entry.get("expires_at"),
        revoked_at=entry.get("revoked_at"),
    )


def _entry(token: Token) -> str:
    lines = [
        f"\n[{json.dumps(token.name)}]",
        f"role = {json.dumps(token.role)}",
        f"scopes = {json.dumps(list(token.scopes))}",
        f"hash = {json.dumps(token.hash)}",
        f"created_at = {token.created_at.isoformat()}",
        f"created_by = {json.dumps(token.created_by)}",
    ]
    for name, moment in (("expires_at", token.expires_at), ("revoked_at", token.revoked_at)):
        if moment is not None:
            lines.append(f"{name} = {moment.isoformat()}")
    return "\n".join(lines) + "\n"

"""Who bears a token: from the headers of a request to the person that it acts as, and when it was last used.

Every server that takes tokens asks here; the tokens themselves are in the room `tokens`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.tokens.store import TOKEN_PREFIX, Token, Tokens
from workbench.tokens.uses import TokenUses

log = logging.getLogger(__name__)

CHATWOOT_HEADER = "api_access_token"
"""The header that Chatwoot's clients send; a proxy may write it with hyphens."""


class NoToken(WorkbenchError):
    """The request bears no token that is taken; the text says why and what to do."""


class TokenDoor:
    """Finds whose token a request bears. Safe to use from several threads."""

    def __init__(self, home: Path) -> None:
        self._tokens, self._uses = Tokens(home), TokenUses(home)
        self._lock = threading.Lock()

    def token_of(self, headers: Sequence[tuple[bytes, bytes]]) -> Token:
        """The token of a request, noted as used.

        Args:
            headers: as ASGI gives them: names in lower case.

        Raises:
            NoToken: there is none, two that differ, or one that is not taken.
            ConfigError: the file of tokens is not as it must be.
        """
        text = read_token(headers)
        now = datetime.now(UTC)
        with self._lock:
            token = self._tokens.of_text(text)
        if token is None:
            raise NoToken(
                "The token is none of this installation's. `workbench tokens list` names them; `workbench "
                "tokens create NAME --role …` makes one."
            )
        if problem := token.problem(now):
            raise NoToken(f"{problem} `workbench tokens create` makes another.")
        self._note_use(token.name, now)
        return token

    def _note_use(self, name: str, now: datetime) -> None:
        """A disk that is full makes nobody wait; the log has it."""
        try:
            self._uses.note(name, now)
        except OSError as error:
            log.warning("when a token was last used cannot be written down: %s", error)


def read_token(headers: Sequence[tuple[bytes, bytes]]) -> str:
    """The text of the token in `Authorization: Bearer …` or `api_access_token`.

    Raises:
        NoToken: there is none, or there are two that differ.
    """
    names = (CHATWOOT_HEADER.encode(), CHATWOOT_HEADER.replace("_", "-").encode())
    texts = {value.decode("latin-1").strip() for name, value in headers if name in names}
    for name, value in headers:
        if name == b"authorization":
            kind, _, rest = value.decode("latin-1").strip().partition(" ")
            if kind.lower() != "bearer":
                raise NoToken(
                    f"Authorization is of the kind {kind[:20]!r}; send Authorization: Bearer TOKEN."
                )
            texts.add(rest.strip())
    texts.discard("")
    if not texts:
        raise NoToken(
            f"The request bears no token: send Authorization: Bearer TOKEN, or {CHATWOOT_HEADER}: TOKEN, "
            f"with a token ({TOKEN_PREFIX}…) that `workbench tokens create NAME --role …` printed."
        )
    if len(texts) > 1:
        raise NoToken("The request bears two tokens that differ; send one.")
    return texts.pop()

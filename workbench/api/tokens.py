"""``wb.tokens``: which programs may use the HTTP interface and the assistants, and what they may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from workbench.api.namespace import Namespace

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class NewToken:
    """A token that was just made. `text` is what the program sends; nobody can show it again."""

    name: str
    role: str
    text: str = field(repr=False)


class TokenCalls(Namespace):
    """Which programs may come in, and what they may do."""

    _word = "tokens"

    def create(
        self, name: str, *, role: str, scopes: str | Iterable[str] = (), expires: date | str | None = None
    ) -> NewToken:
        """Make a token; its text is in the result and nowhere else. Audited.

        Args:
            name: the program's; it stands in the audit trail as `token:NAME`.
            role: viewer, agent or admin, as for people.
            scopes: what it is limited to, as `conversations:read`; by default all that the role permits.
            expires: a day, as 2027-01-31, or a number of days from now, as 90d; by default never.

        Raises:
            UsageError: one of them is not possible, or the name is taken.
            NotAllowed: the user is no admin.
        """
        from workbench.roles import require_role
        from workbench.tokens.store import Tokens

        person = require_role("admin", "make a token")
        tokens = Tokens(self._installation.settings.home)
        token = tokens.check_new(name, role, scopes, expires)
        detail = {
            "role": token.role,
            "scopes": list(token.scopes),
            "expires": token.expires_at.isoformat() if token.expires_at else None,
        }
        # First, so that there is no token that the trail does not have.
        self._audit("token-created", token.name, **detail)
        return NewToken(token.name, token.role, tokens.add(token, person.actor))

    def list(self) -> pd.DataFrame:
        """Every token with its role, its end and its last use, the revoked ones too."""
        import pandas as pd

        from workbench.tokens.store import Tokens
        from workbench.tokens.uses import TokenUses

        home = self._installation.settings.home
        uses = TokenUses(home).all()
        rows = [
            {
                "name": token.name,
                "role": token.role,
                "scopes": ", ".join(token.scopes) or None,
                "created_at": token.created_at,
                "created_by": token.created_by,
                "expires_at": token.expires_at,
                "revoked_at": token.revoked_at,
                "last_used_at": uses.get(token.name),
            }
            for token in Tokens(home).all().values()
        ]
        return pd.DataFrame(rows, columns=_COLUMNS)

    def revoke(self, name: str) -> None:
        """Take a token no more, from the next request on. Audited.

        Raises:
            UnknownName: there is no such token. UsageError: it was revoked before.
            NotAllowed: the user is no admin.
        """
        from workbench.roles import require_role
        from workbench.tokens.store import Tokens

        require_role("admin", "revoke a token")
        # First the file: it ends now, whatever the lake says.
        token = Tokens(self._installation.settings.home).revoke(name)
        self._audit("token-revoked", token.name, role=token.role)

    def _audit(self, action: str, name: str, **detail: Any) -> None:
        from workbench.lake.audit import append_audit

        installation = self._installation
        installation.begin_lake().write(
            lambda cursor: append_audit(cursor, action, actor=installation.actor, subject=name, detail=detail)
        )


_COLUMNS = [
    "name", "role", "scopes", "created_at", "created_by", "expires_at", "revoked_at", "last_used_at",
]  # fmt: skip

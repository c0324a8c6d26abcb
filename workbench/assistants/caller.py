"""Who an assistant asks for, and whether it may see whole numbers."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.errors import NotAllowed, UsageError
from workbench.roles import ROLES, Actor, local_actor


@dataclass(frozen=True)
class AssistantCaller:
    """Who asks, and what whoever let them in allows beside reading: whole numbers, and to propose replies."""

    actor: Actor
    may_reveal: bool = False
    may_propose: bool = False

    @property
    def sees_whole_numbers(self) -> bool:
        """Whether SQL, errors and our own numbers come whole: the role allows it, and somebody said so."""
        return self.may_reveal and self.actor.may("agent")

    def require_reveal(self) -> None:
        """Refuse to reveal a number.

        Raises:
            NotAllowed: the role does not allow it, or nobody said that it may.
        """
        if not self.sees_whole_numbers:
            raise NotAllowed(
                f"{self.actor.actor} may not see whole numbers, nor texts by SQL; that takes the role "
                "'agent', and that who starts the server allows it (`workbench mcp --role agent --reveal`)."
            )

    def require_propose(self) -> None:
        """Refuse to propose a reply.

        Raises:
            NotAllowed: the role does not allow it, or the token is limited to reading.
        """
        if not (self.may_propose and self.actor.may("agent")):
            raise NotAllowed(
                f"{self.actor.actor} may not propose a reply; that takes the role 'agent', and of a token "
                "with scopes assistants:write."
            )


def local_caller(role: str, *, reveal: bool) -> AssistantCaller:
    """The assistant of the person at this machine.

    Raises:
        UsageError: there is no such role, or it may not reveal and shall.
    """
    if role not in ROLES:
        raise UsageError(f"role is {role!r}; allowed are {', '.join(ROLES)}.")
    name = local_actor().partition(":")[2]
    caller = AssistantCaller(Actor(name, role, kind="assistant"), reveal, may_propose=True)
    if reveal and not caller.sees_whole_numbers:
        raise UsageError(f"--reveal needs --role agent or admin; the role is {role!r}.")
    return caller

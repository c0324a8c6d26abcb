"""Who can be told: everybody who signs in, with their role; without sign-in the user of this machine."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable

from workbench.errors import ConfigError
from workbench.roles import ROLES, Actor, local_user
from workbench.settings import Settings

_USERS_FILE = "users.toml"


def people(settings: Settings, known: Iterable[str] = ()) -> dict[str, Actor]:
    """Everybody who may open the inbox, by name; who was removed is not among them.

    Args:
        known: names of people who chose something; of a provider's domain (`*@example.com`) only these are
            known.

    Raises:
        ConfigError: the file of users is not what `workbench users` writes.
    """
    access = settings.access
    if access.method == "password":
        roles = _password_users(settings)
    elif access.method == "oauth":
        named = {address for address in access.roles if not address.startswith("*@")}
        roles = {name: role for name in named | set(known) if (role := access.role_of(name))}
    else:
        local = local_user()
        return {local.name: local}
    return {name: Actor(name, role) for name, role in sorted(roles.items()) if role in ROLES}


def _password_users(settings: Settings) -> dict[str, str]:
    path = settings.home / _USERS_FILE
    try:
        file = tomllib.loads(path.read_text(encoding="utf-8"))
        return {name: str(entry["role"]) for name, entry in file.items()}
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path} is not what `workbench users` writes ({error}); put it back from a backup."
        ) from error

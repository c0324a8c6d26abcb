"""The addresses of apprise that people chose: secrets, in a private file of the home, never in the lake."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from workbench.errors import ConfigError, UsageError
from workbench.lake.fleet.shared_files import change_files
from workbench.private_files import require_private
from workbench.settings import Secret
from workbench.targets.by_apprise import check_address, names_a_host

ADDRESSES_FILE = "notification_targets.toml"
_HEAD = "# Where people are told, each at an address of apprise. Written by `workbench notifications set`.\n"


def read_addresses(home: Path) -> dict[str, Secret]:
    """Everybody's address, by name.

    Raises:
        ConfigError: others may read the file, or it is not what `workbench notifications set` writes.
    """
    path = home / ADDRESSES_FILE
    try:
        require_private(path)
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} is not what `workbench notifications set` writes ({error}); put it back from a backup."
        ) from error
    return {name: Secret(str(address)) for name, address in entries.items()}


def save_address(home: Path, person: str, address: Secret | None, *, may_name_host: bool) -> None:
    """Keep the address of a person, or forget it.

    Args:
        may_name_host: whether it may name a host of its own. This machine would ask whatever is there, also
            what only it can reach, so only an admin may.

    Raises:
        UsageError: apprise knows no service of this form, or it names a host and that is not allowed.
    """
    if address is not None:
        try:
            if not address.reveal().isprintable():
                raise ConfigError(
                    "apprise_address has a character that no address has (its value is not shown)."
                )
            check_address(address, "apprise_address")
        except ConfigError as error:
            raise UsageError(str(error)) from error
        if not may_name_host and names_a_host(address):
            raise UsageError(
                "apprise_address names a machine to ask (its value is not shown), which only an admin may "
                "set: use a service without one, as Slack, Teams or Telegram, or ask an admin to run "
                f"`workbench notifications set {person} --apprise-address -`."
            )
    with change_files(home, f"{ADDRESSES_FILE}.lock") as changes:
        addresses = read_addresses(home)
        if address is None:
            addresses.pop(person, None)
        else:
            addresses[person] = address
        lines = (f"{_quoted(name)} = {_quoted(each.reveal())}\n" for name, each in sorted(addresses.items()))
        changes.write(home / ADDRESSES_FILE, _HEAD + "".join(lines))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

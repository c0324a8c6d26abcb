"""All errors that this product raises on purpose, and the exit code of each.

::

    WorkbenchError                 1   anything we can explain
    ├── UsageError                 2   the request itself is wrong
    │   ├── UnknownName            2   a metric, dimension, column … that does not exist
    │   └── NotFound               2   a conversation, message … that is not there
    ├── ConfigError                2   settings or credentials are missing, wrong or unsafe
    ├── NotAllowed                 2   the person who asks has no right to it
    ├── Unreachable                3   an address that we depend on does not answer as it must
    ├── LakeError                  1   the lake cannot be opened, read or written
    │   ├── NothingKnown           1   nothing was brought in yet: an answer would be a made-up 0
    │   ├── LakeTooNew             2   written by a newer version of this product
    │   ├── LakeRefused            2   catalog, files and key do not belong together
    │   │   ├── CatalogLost        2   no catalog where the rest of a lake still is
    │   │   └── LakeMoved          2   the lake is elsewhere now; this is the old one
    │   ├── LakeDamaged            1   a file of it is unreadable; the message says what it held
    │   └── LakeBusy               3   another process holds it longer than we wait
    ├── BackupError                1   a backup cannot be made, read or restored
    │   └── BackupDamaged          1   what lies at the target is not what was put there
    ├── ReportFailed               1   a cell of a report's notebook failed
    ├── ReportDoubtful             3   --strict, and the report's data is stale, has gaps or lacks prices
    └── TwilioError                1   Twilio refused; carries its code, message and our remedy
        ├── TwilioAuthError        2   401/403: the credentials or their rights
        └── TwilioUnavailable      3   429, 5xx, no connection: the same call may work later

A message is one line that names the value received, what is allowed, and the fix. The command
line prints it without a traceback (``--debug`` shows one). Foreign errors (httpx, duckdb) are
translated once, by the room that makes the call, with ``from``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

#: The exit code of errors after which the same call may work later.
TRY_AGAIN = 3


class WorkbenchError(Exception):
    """Base of everything raised on purpose; its text is meant for the user."""

    exit_code = 1


class UsageError(WorkbenchError):
    """The request itself is wrong: a date, a format, an option."""

    exit_code = 2


class UnknownName(UsageError):
    """A name that does not exist; the message gives the nearest name and all known ones."""

    def __init__(self, kind: str, name: str, known_names: Iterable[str], *, remedy: str = "") -> None:
        allowed = sorted(known_names)
        close = difflib.get_close_matches(name, allowed, n=1) or [
            text for text in allowed if text.casefold() == name.casefold()
        ]
        parts = [f"No {kind} named {name!r}."]
        if close:
            parts.append(f"Did you mean {close[0]!r}?")
        parts += [f"Known: {', '.join(allowed) or 'none yet'}.", remedy]
        super().__init__(" ".join(part for part in parts if part))
        self.name = name


class NotFound(UsageError):
    """What the request names by its id or number is not there."""


class ConfigError(WorkbenchError):
    """Settings or credentials are missing, contradictory or unsafe."""

    exit_code = 2


class NotAllowed(WorkbenchError):
    """The role of the user does not permit it."""

    exit_code = 2


class Unreachable(WorkbenchError):
    """An address that we depend on, and that is not Twilio's, does not answer as it must."""

    exit_code = TRY_AGAIN


class LakeError(WorkbenchError):
    """The lake cannot be opened, read or written."""


class NothingKnown(LakeError):
    """There is no lake yet, or no message log was ever read into it: an answer would be a made-up 0."""

    def __init__(self, state: str) -> None:
        super().__init__(
            f"{state}, so nothing is known, which is not the same as 0: run `workbench sync`, or `workbench "
            "sync import FILE` with files of messages (`workbench init` sets an account up, `workbench demo` "
            "needs none)."
        )


class LakeTooNew(LakeError):
    """The lake was written by a newer version than this one."""

    exit_code = 2


class LakeRefused(LakeError):
    """Catalog, files and key do not belong together: to continue would destroy or lose data."""

    exit_code = 2


class CatalogLost(LakeRefused):
    """The catalog is missing or empty, and the rest of a lake is still there; ``has_files``: its files "
    "too."""

    def __init__(self, message: str, *, has_files: bool = False) -> None:
        super().__init__(message)
        self.has_files = has_files


class LakeMoved(LakeRefused):
    """The lake was moved: at its old address are old numbers, and what is written there would be lost."""

    def __init__(self, lake: str, to: str) -> None:
        super().__init__(
            f"The lake at {lake} was moved to {to}, and the old one takes nothing more. Where "
            "WORKBENCH_LAKE or WORKBENCH_LAKE_DATA is set to the old address, set the new one; then start "
            "this again."
        )


class LakeDamaged(LakeError):
    """A file of the lake is missing or unreadable; the message says what it held and how to get it back."""


class LakeBusy(LakeError):
    """Another process holds the lake for longer than we are willing to wait."""

    exit_code = TRY_AGAIN


class BackupError(WorkbenchError):
    """A backup cannot be made, read or restored; earlier backups are as they were."""


class BackupDamaged(BackupError):
    """A file of a backup is missing, or is not what was put there; the message names it."""


class ReportFailed(WorkbenchError):
    """A cell of a report's notebook failed; the message says which, and where the notebook is kept."""


class ReportDoubtful(WorkbenchError):
    """A report was made, but its data is stale, incomplete or lacks prices; sync and run it again."""

    exit_code = TRY_AGAIN


class TwilioError(WorkbenchError):
    """Twilio answered with an error; ``code`` is Twilio's, ``status`` HTTP's."""

    def __init__(self, message: str, *, status: int | None = None, code: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class TwilioAuthError(TwilioError):
    """The credentials are wrong, or lack the right for this call."""

    exit_code = 2


class TwilioUnavailable(TwilioError):
    """Twilio could not be reached or asked us to slow down, also after our own retries."""

    exit_code = TRY_AGAIN

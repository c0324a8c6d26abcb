"""Secrets in files: `TWILIO_AUTH_TOKEN_FILE` names a file that holds what `TWILIO_AUTH_TOKEN` would.

Container engines and systemd hand secrets over as files: none is in the environment or in the image then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

SUFFIX = "_FILE"


class SecretFiles(NamedTuple):
    """The environment with the content of each secret's file as the secret's variable."""

    environ: Mapping[str, str]
    sources: Mapping[str, str]
    """By the secret's variable, the variable that named its file."""
    problems: tuple[str, ...]


def read_secret_files(environ: Mapping[str, str], secret_variables: Iterable[str]) -> SecretFiles:
    """Read the file of each secret that names one; the line end at its end is no part of the secret.

    Args:
        secret_variables: the variables of secrets, without the suffix.
    """
    values, sources, problems = dict(environ), {}, []
    for name in secret_variables:
        path = environ.get(name + SUFFIX)
        if not path:
            continue
        if environ.get(name):
            problems.append(f"{name} and {name}{SUFFIX} are both set; unset one of them.")
            continue
        try:
            secret = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            problems.append(
                f"{name}{SUFFIX} names {path}, which cannot be read ({reason}). Correct the path, or let "
                "this user read the file."
            )
            continue
        if not secret:
            problems.append(f"{name}{SUFFIX} names {path}, which is empty. Write the secret into it.")
            continue
        values[name], sources[name] = secret, name + SUFFIX
    return SecretFiles(values, sources, tuple(problems))

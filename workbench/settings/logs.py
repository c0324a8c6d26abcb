"""The section `[logs]` of workbench.toml: what the processes log, and how."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.settings.declare import setting
from workbench.settings.kinds import choice, flag

LOG_FORMATS, LOG_LEVELS = ("text", "json"), ("debug", "info", "warning", "error")


@dataclass(frozen=True, eq=False, repr=False)
class LogsSettings:
    """What the processes log, and how."""

    format: str = setting("text", choice(*LOG_FORMATS), "How a line looks: for people, or as a JSON object.")
    level: str = setting("warning", choice(*LOG_LEVELS), "What is logged: this, and what is graver.")
    files: bool = setting(
        False, flag(),
        "Write what `workbench serve` and its jobs log to `logs/` of the home, too: `pages.log`, `hooks.log` "
        "and `jobs.log`, each with five before it of 10 MB.",
    )  # fmt: skip

"""What a notice says, as each kind of target takes it, and how telling it ended."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.lake.alerts import Outcome


@dataclass(frozen=True)
class TargetAnswer:
    """How a delivery ended; `detail` is for people and holds no secret."""

    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True)
class NoticeWords:
    """A notice as each kind of target takes it; `key` is the same for the same notice."""

    subject: str
    text: str
    short_text: str
    key: str
    is_critical: bool = False

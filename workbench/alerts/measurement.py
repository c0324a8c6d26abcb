"""What was measured for one subject of a rule. Data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

CHECK = "check"
"""In the group of a finding of the doctor: the name of its check."""


@dataclass(frozen=True)
class Sample:
    """A value with how many messages stand behind it; None where nothing could be counted."""

    value: float | None
    size: int | None = None


@dataclass(frozen=True)
class Measurement:
    """A subject's value over the window from `since` to `until`.

    `group` has the dimensions of the rule; `in_flight` the messages of the window that have no final status
    yet. `limit` is the rule's own where it depends on the installation; `evidence` says in words what a
    rule over a state found.
    """

    group: Mapping[str, str | None]
    value: float | None
    sample: int | None
    in_flight: int
    since: datetime
    until: datetime
    limit: float | None = None
    evidence: str = ""
    link: str = ""
    usual: Sequence[Sample] = field(default=())
    """The same hours of the last weeks, as far as the lake covers them."""

    @property
    def subject(self) -> str:
        return subject_of(self.group)


def subject_of(group: Mapping[str, str | None]) -> str:
    """A group as one text, empty for everything: ``error_code=30007, sender=+12025550110``."""
    return ", ".join(f"{name}={'none' if value is None else value}" for name, value in group.items())


def group_text(group: Mapping[str, str | None]) -> str:
    """The same as JSON, to be read again."""
    return json.dumps(dict(group), ensure_ascii=False)

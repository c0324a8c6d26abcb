"""The section `[api]` of workbench.toml: the HTTP interface for programs."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.settings.declare import setting
from workbench.settings.kinds import whole


@dataclass(frozen=True, eq=False, repr=False)
class ApiSettings:
    """How much a program may ask."""

    requests_per_minute: int = setting(
        600, whole(1, 1_000_000, "requests"), "How often each token may ask within a minute."
    )

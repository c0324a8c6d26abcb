"""Faults that a test requests: which of the next answers fail, and how; `rest/base.py` executes them.

Kinds: ``status`` (an error answer, with Retry-After if given), ``reset`` (the connection is reset),
``truncate`` (the connection closes in the middle of the body), ``garble`` (a complete answer with half a
JSON document), ``alter`` (a complete answer in which one text is replaced by another), ``drip`` (the body
comes slowly), ``delay`` (the answer comes late), ``arrivals`` (new messages come in while a client reads
pages). With ``when="after"`` the request takes effect before its answer fails.
"""

from __future__ import annotations

import random
import threading
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from workbench.simulator.errors import SimulatorError

FaultKind = Literal["status", "reset", "truncate", "garble", "alter", "drip", "delay", "arrivals"]


@dataclass
class Fault:
    """One rule. It applies to the next `times` matching requests (None: all), each with `probability`."""

    kind: FaultKind
    times: int | None = 1
    probability: float = 1.0
    path: str = "/"
    """Prefix of the path."""
    method: str | None = None
    skip: int = 0
    """How many matching requests succeed first."""
    when: Literal["before", "after"] = "before"
    status: int = 503
    code: int | None = None
    retry_after: float | None = None
    seconds: float = 1.0
    """How long `delay` and `drip` take."""
    count: int = 3
    """How many messages `arrivals` adds."""
    find: str = ""
    put: str = ""
    """What `alter` looks for in the body, and what it puts in its place."""

    def __post_init__(self) -> None:
        if self.kind not in get_args(FaultKind):
            raise SimulatorError(f"No fault named {self.kind!r}; known: {', '.join(get_args(FaultKind))}.")
        if not 0 < self.probability <= 1:
            raise SimulatorError(f"probability is {self.probability!r}; it must be above 0 and at most 1.")


class Faults:
    """The rules in force, oldest first; safe to use from several threads."""

    def __init__(self, seed: int = 0) -> None:
        self._rules: list[Fault] = []
        self._rng = random.Random(seed)
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._rules.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def describe(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(rule) for rule in self._rules]

    def draw(self, method: str, path: str) -> Fault | None:
        """The fault for this request, if any; it counts as one of the rule's `times`."""
        with self._lock:
            for rule in self._rules:
                if self._applies(rule, method, path):
                    return rule
            return None

    def _applies(self, rule: Fault, method: str, path: str) -> bool:
        if not path.startswith(rule.path) or rule.method not in (None, method) or rule.times == 0:
            return False
        if rule.skip:
            rule.skip -= 1
            return False
        if rule.probability < 1 and self._rng.random() >= rule.probability:
            return False
        if rule.times is not None:
            rule.times -= 1
        return True

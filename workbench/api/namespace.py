"""What the parts of the notebook API (``wb.consent``, ``wb.audit`` …) share."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.api.installation import Installation


class Namespace:
    """Calls that belong together, over one installation; printed, it lists them."""

    _word: ClassVar[str] = ""
    """Its name in ``wb``, where that is not the class's in small letters."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def __repr__(self) -> str:
        name = f"wb.{self._word or type(self).__name__.lower()}"
        first = (type(self).__doc__ or "").partition("\n")[0]
        calls = list(_calls(self, name))
        width = max((len(call) for call, _ in calls), default=0)
        return "\n".join([f"{name}: {first}", *(f"  {call:<{width}}  {text}" for call, text in calls)])


def _calls(namespace: Namespace, name: str) -> Iterator[tuple[str, str]]:
    """What can be called, as ``wb.audit.show(action, actor, limit)``, and what it does."""
    if callable(namespace):
        yield f"{name}({_parameters(type(namespace).__call__)})", _first_line(type(namespace).__call__)
    for attribute, member in inspect.getmembers(type(namespace), inspect.isfunction):
        if not attribute.startswith("_"):
            yield f"{name}.{attribute}({_parameters(member)})", _first_line(member)


def _parameters(function: Any) -> str:
    return ", ".join(list(inspect.signature(function).parameters)[1:])


def _first_line(function: Any) -> str:
    return (function.__doc__ or "").partition("\n")[0]

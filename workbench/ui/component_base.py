"""What all components that a browser draws have: a script, props, and messages to named handlers."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import Any

import param
from panel.custom import JSComponent

from workbench.browser.components import COMPONENTS
from workbench.browser.panels import MOST_ASKED
from workbench.browser.schema import check
from workbench.errors import UsageError

log = logging.getLogger(__name__)


def read_messages(component: str, data: object) -> dict[str, Any]:
    """The messages that a component of this name sent, by name.

    Raises:
        UsageError: a message is not in the component's contract, or its payload has another form.
    """
    known = COMPONENTS[component].messages if component in COMPONENTS else {}
    if not isinstance(data, dict):
        raise UsageError(f"{component} sends its messages as an object.")
    for name, payload in data.items():
        if name not in known:
            raise UsageError(f"{component} sends no {ascii(name)[:40]}; its messages are {', '.join(known)}.")
        check(known[name], payload, f"the message {name!r} of {component}")
    return data


class PlainScript(JSComponent):  # type: ignore[misc]
    """A component in plain JavaScript. The browser compiles nothing: that saves a third of the paint."""

    __abstract = True
    _esm = "export function render() {}"

    def _get_properties(self, doc: Any) -> dict[str, Any]:
        properties: dict[str, Any] = super()._get_properties(doc)
        # Panel takes this as a ready bundle, and the browser caches it under this name.
        return {**properties, "bundle": hashlib.sha256(properties["esm"].encode()).hexdigest()}


class Component(PlainScript):
    """A component whose messages from the browser go to named handlers.

    A message is ``{name: payload}``; :meth:`on` sets the handler of a name.
    """

    __abstract = True
    _esm = "export function render() {}"

    def __init__(self, **params: Any) -> None:
        super().__init__(**{"sizing_mode": "stretch_width", "margin": 0, **params})
        self._handlers: dict[str, Callable[[Any], None]] = {}
        #: Draws this component anew, with what was chosen in it; a page sets it.
        self.redraw: Callable[[], None] = lambda: None
        #: Answers a change of the filters that could not be read; a page sets it.
        self.refuse_change: Callable[[int], None] = lambda asked: None

    def on(self, name: str, handler: Callable[[Any], None]) -> None:
        """Call ``handler`` with the payload of each message of this name."""
        self._handlers[name] = handler

    def _handle_msg(self, data: Any) -> None:
        try:
            messages = read_messages(type(self).__name__, data)
        except UsageError as error:
            # A browser of ours sends nothing malformed, and there is nobody to tell it to.
            log.warning("a message of a browser was refused: %s", error)
            self._answer_all_the_same(data)
            return
        try:
            for name, payload in messages.items():
                if name in self._handlers:
                    self._handlers[name](payload)
        except Exception:
            self._answer_all_the_same(data)
            raise

    def _answer_all_the_same(self, data: Any) -> None:
        """The panels of a browser that asked for other filters are hidden until there is an answer."""
        asked = data.get("asked") if isinstance(data, dict) else None
        if isinstance(asked, int) and 0 <= asked <= MOST_ASKED:
            self.refuse_change(asked)


class PanelComponent(Component):
    """The component of one panel, in one of four states: loading, ok, empty, error.

    ``answered`` is the number of the filter change that it shows, -1 before it shows any. Sends ``asked``:
    the number of the change that it asks for.
    """

    __abstract = True
    _esm = "export function render() {}"

    title = param.String(default="")
    subtitle = param.String(default="")
    definition = param.Dict(default={})
    state = param.Selector(default="loading", objects=["loading", "ok", "empty", "error"])
    message = param.String(default="")
    clickable = param.Boolean(default=False)
    links = param.Dict(default={})
    page_key = param.String(default="")
    answered = param.Integer(default=-1)

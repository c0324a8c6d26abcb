"""``python -m benchmarks.floor_inbox``: prints its address; serves an empty Panel page that answers a click.

What any page of this kind takes at least, from a click over the websocket to the changed text.
"""

from __future__ import annotations

from panel.custom import JSComponent
from panel.io.server import get_server

PATH = "floor"
_SOME_PORT = 0


class Echo(JSComponent):  # type: ignore[misc]
    """A button, and the number of the answer that came back."""

    _esm = """
export function render({model, el}) {
  const button = document.createElement("button")
  button.className = "ask"
  button.textContent = "0"
  let asked = 0
  button.addEventListener("click", () => model.send_msg({number: ++asked}))
  model.on("msg:custom", (data) => { button.textContent = String((data.data || data).number) })
  el.append(button)
}"""

    def _handle_msg(self, data: dict[str, int]) -> None:
        self._send_msg({"number": data["number"]})


if __name__ == "__main__":
    server = get_server({PATH: lambda: Echo()}, port=_SOME_PORT, address="127.0.0.1", show=False, start=False)
    print(f"http://127.0.0.1:{server.port}/{PATH}", flush=True)
    server.start()
    server.io_loop.start()

"""`workbench serve` itself: starts pages and hooks as processes, keeps both alive, ends both in order.

The children hang on our standard input pipe: when we are gone, however we ended, so are they.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

import click

from workbench.errors import ConfigError

_LOOK_EVERY = 0.1
_END_SECONDS = 15.0
#: A process that ends soon after it began is started again after a longer and longer pause.
_PAUSES = (0.5, 2.0, 5.0, 15.0, 30.0)
_LIVED_LONG = 60.0
_LAST_WORDS_SECONDS, _LONGEST_LINE = 1.0, 300
_WRONG_CONFIGURATION = 2


@dataclass
class Child:
    """One of the processes: what it is called, how it is started, what became of it.

    Args:
        is_wanted: whether there is anything for it to do; it starts as soon as there is.
        until_wanted: what to say at the start while there is not.
    """

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] | None = None
    is_wanted: Callable[[], bool] = lambda: True
    until_wanted: str = ""
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    start_again_at: float = field(default=0.0)
    last_line: str = ""
    reader: threading.Thread | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "workbench", "serve", *self.arguments, "--until-stdin-closes"]
        # A session of its own: Ctrl-C goes to us only, and we then end it.
        self.process = subprocess.Popen(
            command,
            env=self.environment,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.started_at = time.monotonic()
        self.last_line = ""
        self.reader = threading.Thread(
            target=self._pass_on, args=[self.process.stderr], name=f"{self.name} log", daemon=True
        )
        self.reader.start()

    def _pass_on(self, lines: IO[bytes]) -> None:
        """What the process says goes on as it is; its last line tells why it ended."""
        with lines:
            for line in lines:
                sys.stderr.write(line.decode("utf-8", "replace"))
                sys.stderr.flush()
                self.last_line = line.decode("utf-8", "replace").strip() or self.last_line

    def last_words(self) -> str:
        """The last line of a process that has ended."""
        if self.reader:
            self.reader.join(_LAST_WORDS_SECONDS)
        return self.last_line[:_LONGEST_LINE]

    def end(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def wait(self, until: float) -> None:
        """Wait until the process ends; kill it after that moment."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()


def supervise(
    children: Sequence[Child],
    *,
    say: Callable[[str], None] | None = None,
    must_begin_anew: Callable[[], str | None] = lambda: None,
) -> None:
    """Run until Ctrl-C or SIGTERM; a process that dies is started again and said.

    Args:
        must_begin_anew: why all processes must read their settings once more; asked every so often.

    Raises:
        ConfigError: a process says that the settings are wrong (its own line says how), so no start can help.
    """
    stop = threading.Event()
    say = say or (lambda text: click.echo(text, err=True))
    before = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        for child in children:
            if child.is_wanted():
                child.start()
            else:
                say(child.until_wanted)
        while not stop.wait(_LOOK_EVERY):
            if reason := must_begin_anew():
                say(f"{reason} Every process begins anew.")
                for child in children:
                    child.end()
            for child in children:
                _look_after(child, say)
    finally:
        for child in children:
            child.end()
        until = time.monotonic() + _END_SECONDS
        for child in children:
            child.wait(until)
        for number, handler in before.items():
            signal.signal(number, handler)


def _look_after(child: Child, say: Callable[[str], None]) -> None:
    if child.process is None:
        if child.is_wanted():
            child.start()
        return
    now, code = time.monotonic(), child.process.poll()
    if code is None:
        return
    if code == _WRONG_CONFIGURATION:
        raise ConfigError(f"The {child.name} process cannot start with these settings; the reason is above.")
    if not child.start_again_at:
        lived_long = now - child.started_at > _LIVED_LONG
        child.failures = 0 if lived_long else child.failures
        pause = _PAUSES[min(child.failures, len(_PAUSES) - 1)]
        child.failures += 1
        child.start_again_at = now + pause
        # A process that was killed wrote no reason.
        last = child.last_words() if code > 0 else ""
        reason = f"{_ending(code)}; its last line: {last}" if last else _ending(code)
        say(f"The {child.name} process ended ({reason}); it starts again in {pause:g} s.")
    elif now >= child.start_again_at:
        if child.process.stdin:
            child.process.stdin.close()
        child.start_again_at = 0.0
        child.start()


def _ending(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def end_with_stdin(stop: Callable[[], None]) -> None:
    """For a child: call ``stop`` once whoever started us is gone, however it ended."""

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            continue
        stop()

    threading.Thread(target=watch, name="parent", daemon=True).start()

"""Sets the log of this process up, from `[logs]` of the settings."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from collections.abc import Sequence
from typing import Any

from workbench.files import make_folder
from workbench.logs.lines import JsonLine, SafeRecord, TextLine
from workbench.logs.redaction import Redaction
from workbench.logs.request_ids import current_request_id
from workbench.settings import Settings
from workbench.settings.known_secrets import settings_secrets

LOGS_FOLDER = "logs"
_log = logging.getLogger(__name__)
_is_service = False


def set_up_logs(settings: Settings, process: str) -> None:
    """Write what this process logs to stderr, as `[logs]` says; called again, it replaces what was.

    Args:
        process: what it is called in the lines, as `pages`.
    """
    _replace_handler(settings, process, [_Stderr()])


def set_up_service_logs(settings: Settings, process: str, *limits: logging.Filter) -> None:
    """As :func:`set_up_logs`, for a process that nobody watches: what would end it is logged, too.

    Args:
        process: also the name of its file, where `[logs] files` wants one.
        limits: leave lines out.

    Raises:
        OSError: the file cannot be written.
    """
    global _is_service
    outputs: list[logging.Handler] = [_Stderr()]
    if settings.logs.files:
        from workbench.logs.files import PrivateFile

        folder = settings.home / LOGS_FOLDER
        make_folder(folder, mode=0o700)
        outputs.append(PrivateFile(folder / f"{process}.log"))
    _replace_handler(settings, process, outputs, limits)
    _is_service = True
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda given: _log_uncaught(given.exc_type, given.exc_value, given.exc_traceback)
    sys.unraisablehook = lambda given: _log_uncaught(given.exc_type, given.exc_value, given.exc_traceback)
    warnings.showwarning = _log_warning


def is_service() -> bool:
    """Whether nobody watches this process, so that an unexpected error belongs in its log."""
    return _is_service


class RedactingHandler(logging.Handler):
    """Passes each record on to its outputs as it may be written.

    Args:
        limits: leave records out, once these are fit to be written.
    """

    def __init__(
        self, redaction: Redaction, outputs: Sequence[logging.Handler], limits: Sequence[logging.Filter] = ()
    ) -> None:
        super().__init__()
        self._redaction, self._outputs, self._limits = redaction, outputs, limits

    def emit(self, record: logging.LogRecord) -> None:
        try:
            safe = self._safe(record)
        except Exception as error:  # what cannot be made fit is not written as it is
            safe = _record(record, f"a line could not be written: {type(error).__name__}", [])
        if all(limit.filter(safe) for limit in self._limits):
            for output in self._outputs:
                output.handle(safe)

    def close(self) -> None:
        for output in self._outputs:
            output.close()
        super().close()

    def _safe(self, record: logging.LogRecord) -> SafeRecord:
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        trace = self._redaction.traceback(error) if error is not None else []
        return _record(record, self._redaction.message(record), trace)


def _record(record: logging.LogRecord, message: str, trace: list[str]) -> SafeRecord:
    """Only what is named here goes on; a library may have put anything else into its record."""
    safe = SafeRecord(
        record.name, record.levelno, record.pathname, record.lineno, message, (), None, record.funcName
    )
    safe.created, safe.process = record.created, record.process
    safe.request_id, safe.trace = current_request_id(), trace
    return safe


class _Stderr(logging.StreamHandler[Any]):
    """Writes to what is stderr at that moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:
        return sys.stderr

    def handleError(self, record: logging.LogRecord) -> None:
        """Nobody is left to be told; the usual answer would print the record as it came."""


def _replace_handler(
    settings: Settings,
    process: str,
    outputs: Sequence[logging.Handler],
    limits: Sequence[logging.Filter] = (),
) -> None:
    is_json = settings.logs.format == "json"
    for output in outputs:
        output.setFormatter(JsonLine(process) if is_json else TextLine())
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, RedactingHandler):
            root.removeHandler(handler)
            handler.close()
    root.addHandler(RedactingHandler(Redaction(settings_secrets(settings)), outputs, limits))
    root.setLevel(settings.logs.level.upper())


def _log_uncaught(kind: type[BaseException], error: BaseException | None, trace: Any) -> None:
    if not isinstance(error, KeyboardInterrupt | SystemExit):
        _log.critical("an error that nobody caught", exc_info=(kind, error or kind(), trace))


def _log_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object, **__: object
) -> None:
    _log.warning("%s at %s:%d", category.__name__, filename, lineno)

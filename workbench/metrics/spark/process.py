"""Spark's own process: started for one caller, with its files in the home's `tmp/`, and ended after it.

A notebook that runs Spark already keeps its Spark: the questions go there, in a session of their own.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from workbench.errors import ConfigError, Unreachable, UsageError
from workbench.metrics.engines import EngineChoice
from workbench.metrics.spark.requirements import require_spark

FOLDER_PREFIX = "spark-"
"""Of the folders in `tmp/` of the home; the number of the process that made it follows."""
_EXECUTORS_WITHIN = 60.0
_ENDS_WITHIN = 10.0
_LOG = "spark.log"

#: How a question is meant, whatever the cluster's own settings say.
_SESSION = {
    "spark.sql.session.timeZone": "UTC",
    # Else `${x}` in somebody's text would be taken for a variable, and be empty.
    "spark.sql.variable.substitute": "false",
    # As DuckDB: a division by 0 is NULL.
    "spark.sql.ansi.enabled": "false",
    # Columns of a file by their number, which stays when a column gets another name.
    "spark.sql.parquet.fieldId.read.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.groupByOrdinal": "true",
}


class SparkProcess:
    """A running Spark. `session` answers SQL; :meth:`close` ends what was started here."""

    def __init__(self, choice: EngineChoice, home: Path) -> None:
        """Start Spark, or join the one that runs in this process.

        Raises:
            ConfigError: pyspark or Java is missing, or they do not fit each other.
            Unreachable: the cluster does not answer, or gives nobody to work.
            UsageError: this process runs a Spark with another master.
        """
        require_spark(choice)
        self._folder: Path | None = None
        self._gateway: Any = None
        self._context: Any = None
        self._handler: Any = None
        with _quiet_imports():
            import pyspark
        running = pyspark.SparkContext._active_spark_context
        if running is not None:
            self.session = _join(running, choice)
            return
        self._folder = _make_folder(home)
        try:
            self.session = self._start(choice, pyspark.__version__)
        except BaseException:
            self.close()
            raise

    def _start(self, choice: EngineChoice, version: str) -> Any:
        from pyspark import SparkConf, SparkContext
        from pyspark.java_gateway import launch_gateway
        from pyspark.sql import SparkSession

        assert self._folder is not None
        settings = SparkConf(loadDefaults=False)
        settings.setAll(list(_settings(choice, self._folder).items()))
        if threading.current_thread() is threading.main_thread():
            self._handler = signal.getsignal(signal.SIGINT)
        with (self._folder / _LOG).open("wb") as log:
            try:
                self._gateway = launch_gateway(settings, {"stdout": log, "stderr": subprocess.STDOUT})
            except Exception as error:
                raise ConfigError(f"Spark did not start: {self._reason(error)}.") from error
        try:
            self._context = SparkContext(gateway=self._gateway, conf=settings)
            session = SparkSession(self._context)
            found_version = self._context.version
        except Exception as error:
            raise self._start_error(choice, version, error) from error
        if found_version != version:
            raise ConfigError(
                f"SPARK_HOME has Spark {found_version} and pyspark is {version}; unset SPARK_HOME, or "
                f"install "
                f"pyspark=={found_version}."
            )
        if not choice.is_here:
            self._require_executors(choice)
        return session

    def _require_executors(self, choice: EngineChoice) -> None:
        until = time.monotonic() + _EXECUTORS_WITHIN
        # The first one listed is this process.
        while self._context._jsc.sc().statusTracker().getExecutorInfos().__len__() < 2:
            if time.monotonic() > until or self._context._jsc.sc().isStopped():
                raise Unreachable(
                    f"The Spark cluster at {choice.master} gave no worker within {_EXECUTORS_WITHIN:.0f} s "
                    f"({self._reason()}). Look whether it has workers with free memory that reach this "
                    "machine, or ask without --engine."
                )
            time.sleep(0.2)

    def _start_error(self, choice: EngineChoice, version: str, error: Exception) -> Exception:
        log = self._read_log()
        if re.search(r"InvalidClassException|serialVersionUID|UnsupportedClassVersionError", log):
            return ConfigError(
                f"The Spark cluster at {choice.master} is of another version than pyspark {version}; "
                f"install the "
                "pyspark of its version (`pip install pyspark==…`)."
            )
        if not choice.is_here:
            return Unreachable(f"Spark at {choice.master} cannot be used: {self._reason(error)}.")
        return ConfigError(f"Spark did not start: {self._reason(error)}.")

    def _read_log(self) -> str:
        path = self._folder / _LOG if self._folder else None
        return path.read_text(encoding="utf-8", errors="replace") if path and path.exists() else ""

    def _reason(self, error: Exception | None = None) -> str:
        """The last thing that Spark said was wrong, in one line."""
        lines = [line.strip() for line in self._read_log().splitlines()]
        told = [
            line
            for line in lines
            if re.search(r"\bERROR\b|Exception|Error:|not accepted any resources", line)
        ]
        return (told[-1][:300] if told else first_line(error) if error else "it says no reason").rstrip(".")

    def close(self) -> None:
        """End Spark and remove its files; one that was joined goes on."""
        if self._folder is None:
            return
        from pyspark import SparkContext

        gateway, self._gateway = self._gateway, None
        if gateway is not None:
            _end(self._context, gateway)
            # Else the next one in this process would speak to the process that has ended.
            SparkContext._gateway = SparkContext._jvm = None
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None


def _end(context: Any, gateway: Any) -> None:
    """Stop the context, then the process; one that does not end within seconds is killed."""
    log = logging.getLogger(__name__)
    for stop in (*([context.stop] if context is not None else ()), gateway.shutdown):
        try:
            stop()
        except Exception as error:
            log.debug("Spark was asked to end: %s", error)
    gateway.proc.stdin.close()
    try:
        gateway.proc.wait(_ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        gateway.proc.kill()
        gateway.proc.wait(_ENDS_WITHIN)


def _join(running: Any, choice: EngineChoice) -> Any:
    from pyspark.sql import SparkSession

    if running.master != choice.master and choice.master != "local[*]":
        raise UsageError(
            f"This process runs Spark at {running.master} already, and {choice.master} was asked for; "
            f"stop that "
            'one (`spark.stop()`), or give engine="spark", which takes it.'
        )
    session = SparkSession(running).newSession()
    for name, value in _SESSION.items():
        session.conf.set(name, value)
    return session


def _settings(choice: EngineChoice, folder: Path) -> dict[str, str]:
    """What goes before the user's own `spark-defaults.conf`."""
    # Spark reads these options as a shell does, and a home may have blanks in its name.
    tmp = str(folder).replace("\\", "\\\\").replace('"', '\\"')
    java = f'-Djava.io.tmpdir="{tmp}" -XX:-UsePerfData'
    settings = {
        **_SESSION,
        "spark.master": choice.master,
        "spark.app.name": "workbench",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.driver.extraJavaOptions": java,
    }
    if choice.is_here:
        cores = os.cpu_count() or 1
        settings |= {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.sql.shuffle.partitions": str(2 * cores),
        }
    elif _is_loopback(choice.master):
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return settings | _bucket_settings()


def _is_loopback(master: str) -> bool:
    return all(
        part.rpartition(":")[0] in ("127.0.0.1", "localhost")
        for part in master.removeprefix("spark://").split(",")
    )


def _bucket_settings() -> dict[str, str]:
    """Where the bucket of `s3://` is, when it is no bucket of Amazon; keys are read from the environment by
    Hadoop itself, so that none stands on a command line."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        return {}
    return {
        "spark.hadoop.fs.s3a.endpoint": endpoint,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": str(urlsplit(endpoint).scheme == "https").lower(),
    }


def _make_folder(home: Path) -> Path:
    """A private folder for one Spark; those of processes that were killed go."""
    tmp = home / "tmp"
    tmp.mkdir(mode=0o700, exist_ok=True)
    for path in tmp.glob(f"{FOLDER_PREFIX}*-*"):
        number = path.name.removeprefix(FOLDER_PREFIX).partition("-")[0]
        if number.isdigit() and not _is_running(int(number)):
            shutil.rmtree(path, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-", dir=tmp))


def _is_running(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def first_line(error: BaseException) -> str:
    """What an error of Spark says, without Java's list of calls."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


@contextmanager
def _quiet_imports() -> Iterator[None]:
    """pyspark warns of pandas 3, with which it is not finished; no frame of pandas goes through it here."""
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module=r"pyspark")
        # pyspark's converters of arguments import it at some later moment.
        import pyspark.testing.utils  # noqa: F401

        yield

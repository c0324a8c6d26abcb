"""What Spark needs here and of its cluster, asked before it starts: its own errors are long and late."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import subprocess
from contextlib import closing
from pathlib import Path

from workbench.errors import ConfigError, Unreachable
from workbench.metrics.engines import EngineChoice

OLDEST_JAVA = 17
_ANSWERS_WITHIN = 5.0


def require_spark(choice: EngineChoice) -> None:
    """Refuse where Spark cannot start, or its master does not answer.

    Raises:
        ConfigError: pyspark or Java is missing or too old.
        Unreachable: nothing listens at the master's address.
    """
    if importlib.util.find_spec("pyspark") is None:
        raise ConfigError(
            "Spark was asked for and pyspark is not installed; run `pip install 'workbench[spark]'` in the "
            "environment of workbench, or ask without --engine."
        )
    _require_java()
    if choice.master.startswith("spark://"):
        _require_master(choice.master)


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None or not Path(java).exists():
        where = f"JAVA_HOME is {home!r}, which has no bin/java" if home else "there is none on PATH"
        raise ConfigError(
            f"Spark needs Java {OLDEST_JAVA} or later, and {where}; install one, as `apt install "
            "openjdk-17-jre-headless`, or set JAVA_HOME to where it is."
        )
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, errors="replace", check=False)
    match = re.search(r'version "(\d+)', answer.stderr)
    if match is None:
        raise ConfigError(f"{java} does not say its version; set JAVA_HOME to a Java {OLDEST_JAVA} or later.")
    if int(match[1]) < OLDEST_JAVA:
        raise ConfigError(
            f"{java} is Java {match[1]}, and Spark needs {OLDEST_JAVA} or later; set JAVA_HOME to a later "
            f"one."
        )


def _require_master(master: str) -> None:
    """One of several masters is enough."""
    addresses = master.removeprefix("spark://").split(",")
    reasons = []
    for address in addresses:
        host, _, port = address.rpartition(":")
        try:
            with closing(socket.create_connection((host, int(port)), timeout=_ANSWERS_WITHIN)):
                return
        except (OSError, OverflowError) as error:
            reasons.append(f"{address}: {getattr(error, 'strerror', None) or error}")
    raise Unreachable(
        f"No Spark master answers at {master} ({'; '.join(reasons)}). Start it (sbin/start-master.sh), "
        f"correct the "
        "address after --engine spark=, or ask without --engine."
    )

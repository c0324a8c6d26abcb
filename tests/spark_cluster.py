"""A real Spark cluster of a test run: a master and two workers on free ports of 127.0.0.1."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.ports import free_port

#: Small queries are over before a compiler has paid off.
QUICK_JAVA = {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
_DEFAULTS = """
spark.executor.memory 512m
spark.sql.shuffle.partitions 2
spark.sql.codegen.wholeStage false
"""
_READY_WITHIN = 120.0


def require_spark_here() -> None:
    """Skip, aloud, where Spark cannot run."""
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip(
            "NOT TESTED: pyspark is not installed (make setup), so nothing is known about --engine spark"
        )
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("NOT TESTED: there is no Java on this machine, so nothing is known about --engine spark")


def spark_environment(folder: Path) -> dict[str, str]:
    """The user's own settings of Spark, for a quick test."""
    (folder / "spark-defaults.conf").write_text(_DEFAULTS)
    return {"SPARK_CONF_DIR": str(folder), **QUICK_JAVA}


@contextmanager
def spark_cluster(folder: Path) -> Iterator[str]:
    """The master's address; every process is ended by its own handle."""
    import pyspark

    command = str(Path(pyspark.__file__).parent / "bin" / "spark-class")
    environment = {**os.environ, **spark_environment(folder), "SPARK_LOCAL_IP": "127.0.0.1"}
    port, page = free_port(), free_port()
    master = f"spark://127.0.0.1:{port}"
    deploy = "org.apache.spark.deploy"
    starts = [
        [f"{deploy}.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", str(page)],
        *(
            [
                f"{deploy}.worker.Worker", "--host", "127.0.0.1", "--webui-port", "0", "--cores", "1",
                "--memory", "1g", "--work-dir", str(folder / f"worker-{number}"), master,
            ]
            for number in (1, 2)
        ),
    ]  # fmt: skip
    with ExitStack() as stack:
        log = stack.enter_context((folder / "cluster.log").open("wb"))
        for start in starts:
            process = subprocess.Popen([command, *start], env=environment, stdout=log, stderr=log)
            stack.callback(_end, process)
        _wait_for_workers(page, folder / "cluster.log")
        yield master


def _wait_for_workers(page: int, log: Path) -> None:
    until = time.monotonic() + _READY_WITHIN
    while True:
        try:
            if httpx.get(f"http://127.0.0.1:{page}/json/").json()["aliveworkers"] == 2:
                return
        except (httpx.HTTPError, ValueError):
            pass
        assert time.monotonic() < until, log.read_text()[-2_000:]
        time.sleep(0.3)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)

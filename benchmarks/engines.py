"""Seconds of DuckDB and of Spark on the same lake: `python -m benchmarks.engines HOME MESSAGES`.

An empty HOME is filled first. The first question to Spark includes its start and the reading of the catalog;
each question is asked three times, and the quickest is printed. Answers that differ end it.
"""

from __future__ import annotations

import sys
import time
from datetime import date
from pathlib import Path

import pandas as pd

from benchmarks.day_lake import fill_lake
from workbench.lake import open_lake
from workbench.lake.connect import Readable
from workbench.metrics import query_metric
from workbench.metrics.engines import read_engine
from workbench.metrics.spark.reader import SparkReader
from workbench.settings import load_settings

QUESTIONS = (("messages", ("day",)), ("delivery_rate", ("country",)), ("queue_wait_p95", ("sender",)))
_TIMES = 3


def main(folder: str, messages: int, engine: str) -> None:
    home = Path(folder)
    home.mkdir(parents=True, exist_ok=True)
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    if not (home / "lake").exists():
        fill_lake(settings, messages, 365, date(2026, 11, 30))
    with open_lake(settings, read_only=True) as lake:
        print(f"{lake.value('select count(*) from messages'):,} messages, {engine}", flush=True)
        spark = SparkReader(lake, read_engine(engine), home)
        try:
            began = time.perf_counter()
            spark.value("select count(*) from messages")
            print(f"start of Spark and first count: {time.perf_counter() - began:.1f} s", flush=True)
            for name, by in QUESTIONS:
                here, there = _quickest(lake, name, by), _quickest(spark, name, by)
                pd.testing.assert_frame_equal(there[1], here[1], check_exact=False, rtol=1e-9)
                print(f"{name} by {by[0]}: DuckDB {here[0]:.2f} s, Spark {there[0]:.2f} s", flush=True)
        finally:
            spark.close()


def _quickest(reader: Readable, name: str, by: tuple[str, ...]) -> tuple[float, pd.DataFrame]:
    seconds = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        frame = query_metric(reader, name, by).frame
        seconds.append(time.perf_counter() - began)
    return min(seconds), frame


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "spark")

"""Five questions of the overview, asked without a browser: of the day cube, of the lake, and by hand.

By hand means what one would write without this product: plain SQL on DuckDB over the lake's Parquet files
(the floor), and pandas over the same files.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.report import table

_REPEAT = 5
QUESTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("messages", ("day",)),
    ("delivery_rate", ()),
    ("spend", ("day",)),
    ("messages", ("error_code",)),
    ("messages", ("country",)),
)
_FINAL = (
    "(is_outbound and (status in ('delivered', 'read', 'undelivered', 'failed') "
    "or (status = 'sent' and coalesce(date_sent, date_created) < now() - interval 72 hours)))"
)
_FLOOR = (
    "select cast(date_created as date) d, count(*) from {files} where {when} group by 1 order by 1",
    "select count(*) filter (is_outbound and status in ('delivered', 'read')) / "
    f"count(*) filter {_FINAL} from {{files}} where {{when}}",
    "select cast(date_created as date) d, currency, sum(-price) from {files} where {when} "
    "group by 1, 2 order by 1",
    "select error_code, count(*) from {files} where {when} group by 1",
    "select country, count(*) from {files} where {when} group by 1",
)


def measure_questions(home: Path, days: int) -> str:
    """The five questions together, over 30 days and over everything; each way in a process of its own."""
    now = datetime.now(UTC).date() + timedelta(days=1)
    rows = []
    for period, length in (("30 days", 30), ("whole history", days + 1)):
        since = (now - timedelta(days=length)).isoformat()
        ways = {way: _measure(way, home, since) for way in ("cube", "lake", "floor", "pandas")}
        floor = ways["floor"]
        rows += [
            [f"{_WAYS[way]}, {period}", f"{seconds * 1000:.0f}", f"{seconds / floor:.2f}"]
            for way, seconds in ways.items()
        ]
    return "The five questions one after another:\n\n" + table(["", "ms", "times the floor"], rows)


_WAYS = {
    "cube": "day cube, as pages ask",
    "lake": "metrics asked of the lake",
    "floor": "plain SQL on the Parquet files",
    "pandas": "pandas on the Parquet files (only the columns needed)",
}


def _measure(way: str, home: Path, since: str) -> float:
    command = [sys.executable, "-m", "benchmarks.questions", way, str(home), since]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    if answer.returncode:
        raise RuntimeError(f"{way} failed:\n{answer.stderr[-2000:]}")
    return float(json.loads(answer.stdout)["seconds"])


def _median(work: Callable[[], Any], repeat: int = _REPEAT) -> float:
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _ours(way: str, home: Path, since: str) -> float:
    from datetime import date

    from workbench.lake import open_lake
    from workbench.metrics import DayCube, query_metric
    from workbench.settings import load_settings

    first = date.fromisoformat(since)
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)}), read_only=True) as lake:
        cube = DayCube(lake, "UTC")
        if way == "cube":
            cube.follow(lake.snapshot_id())
            return _median(lambda: [cube.metric(name, by, {}, first, None) for name, by in QUESTIONS])
        return _median(lambda: [query_metric(lake, name, by, {}, first) for name, by in QUESTIONS])


def _floor(home: Path, since: str) -> float:
    import duckdb

    connection = duckdb.connect()
    files = f"read_parquet('{home}/lake/files/main/raw_messages/*.parquet')"
    texts = [
        text.format(files=files, when=f"date_created >= timestamptz '{since} 00:00:00+00'") for text in _FLOOR
    ]
    return _median(lambda: [connection.execute(text).fetchall() for text in texts])


def _pandas(home: Path, since: str) -> float:
    import pandas as pd

    folder = home / "lake" / "files"
    columns = ["date_created", "is_outbound", "status", "price", "currency", "error_code", "country"]
    wanted = [("date_created", ">=", pd.Timestamp(since, tz="UTC"))]

    def ask() -> None:
        files = sorted(folder.rglob("raw_messages/*.parquet"))
        frame = pd.read_parquet(files, columns=columns, filters=wanted)
        day = frame["date_created"].dt.date
        frame.groupby(day).size()
        frame["status"].isin(["delivered", "read"]).sum() / frame["is_outbound"].sum()
        frame.groupby([day, "currency"])["price"].sum()
        frame.groupby("error_code", dropna=False).size()
        frame.groupby("country", dropna=False).size()

    return _median(ask, repeat=1)


if __name__ == "__main__":
    how, place, start = sys.argv[1:]
    by_hand = {"floor": _floor, "pandas": _pandas}.get(how)
    found = by_hand(Path(place), start) if by_hand else _ours(how, Path(place), start)
    print(json.dumps({"seconds": found}))

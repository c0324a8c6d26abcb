"""What a notebook completes, asked of IPython itself."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

from workbench import UnknownName, Workbench

CODE = """
import json
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.Completer.use_jedi = False
shell.run_cell("from workbench import Workbench; wb = Workbench()", silent=True)
texts = ["wb.", "wb.consent.", "wb.metrics.cost_", "wb.dimensions.sender", "wb.sync."]
print(json.dumps({text: shell.complete(None, text)[1] for text in texts}))
"""


def test_names_and_calls_are_completed_without_a_lake(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CODE],
        env={"WORKBENCH_HOME": str(home), "IPYTHONDIR": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    completed = json.loads(done.stdout)
    assert len(completed["wb."]) == 37
    assert completed["wb.consent."] == [
        ".blocked", ".decide", ".export", ".import_file", ".push", ".record", ".remove", ".revocations",
        ".show", ".undo",
    ]  # fmt: skip
    assert completed["wb.metrics.cost_"] == [".cost_per_delivered"]
    assert completed["wb.dimensions.sender"] == [".sender", ".sender_type"]
    assert {".bulk_export", ".import_files"} <= set(completed["wb.sync."])
    assert not home.exists()


def test_a_metric_says_its_parameters_and_an_unknown_one_is_no_attribute(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(home))
    wb = Workbench()
    assert list(inspect.signature(wb.metrics.spend).parameters) == [
        "by", "where", "since", "until", "timezone", "allow_unknown", "engine"
    ]  # fmt: skip
    assert wb.metrics.spend.__doc__ == "What Twilio charged for messages, carrier fees included, by currency."
    assert not hasattr(wb.metrics, "spending")
    assert getattr(wb.dimensions, "planet", None) is None
    with pytest.raises(UnknownName, match="Did you mean 'spend'"):
        _ = wb.metrics.spendd
    assert "error_rate_without_opt_outs " in repr(wb.metrics)

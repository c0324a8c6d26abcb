"""Runs that do not go as planned: doubtful data, rows of a file, a cell that fails, wrong use."""

from __future__ import annotations

import json
import os
import stat
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.messages import payload
from tests.reports.conftest import SECRET, Command
from tests.ui.known import OURS, at, note_sync, save
from workbench.errors import ReportFailed, UnknownName, WorkbenchError
from workbench.lake import open_lake
from workbench.reports.run import plan_report, run_report
from workbench.settings import Settings, load_settings

WEEK = ("--since", "2025-03-03", "--until", "2025-03-10")


@pytest.fixture(scope="module")
def doubtful_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half the week read, half of it priced, long ago."""
    home = tmp_path_factory.mktemp("doubtful")
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        messages = [payload(n, **at(3, 4), price="-0.0083" if n % 2 else None) for n in range(1, 11)]
        save(lake, messages)
        note_sync(lake, date(2025, 3, 3), date(2025, 3, 6), finished=at(3, 9)["date_created"])
    return home


def test_doubtful_data_is_said_in_red_and_strict_exits_3(
    command: Command, doubtful_home: Path, tmp_path: Path
) -> None:
    arguments = ("report", "run", "cost", *WEEK, "--format", "html", "--out", str(tmp_path), "--strict")
    done = command(*arguments, home=doubtful_home)
    assert done.returncode == 3
    html = next(tmp_path.glob("*.html")).read_text()
    red = html[html.index('class="problems"') : html.index('class="about"')]
    assert "The data is stale: the last sync ended 9 March 2025, 12:00 UTC" in red
    assert "2025-03-07 to 2025-03-09" in red
    assert "5 of 10 billed messages (50.0 %) have no price yet" in red
    manifest = json.loads(next(tmp_path.glob("*.manifest.json")).read_text())
    assert [problem["kind"] for problem in manifest["problems"]] == ["stale", "gap", "unpriced"]
    assert "Traceback" not in done.stderr


def test_a_file_runs_one_report_for_each_row(command: Command, tmp_path: Path) -> None:
    file, out = tmp_path / "clients.csv", tmp_path / "out"
    file.write_text(f"client,senders,allow_unknown\nACME,{OURS},\nOther & Sons,55501,yes\n")
    done = command(
        "report", "run", "cost", *WEEK, "--params", str(file), "--format", "html", "--out", str(out)
    )
    assert done.returncode == 0, done.stderr
    first, second = sorted(out.glob("*.html"))
    assert ">ACME<" in first.read_text()
    assert "62, of which 4 in flight" in first.read_text()
    assert "Other &amp; Sons" in second.read_text()
    assert "0, of which 0 in flight" in second.read_text()
    assert "+12025550110" in next(out.glob("*_1_*.manifest.json")).read_text()


def test_a_sender_that_was_never_seen_is_refused_or_said_in_red(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "out"
    asked = (
        "report",
        "run",
        "cost",
        *WEEK,
        "--param",
        "senders=55501",
        "--format",
        "html",
        "--out",
        str(out),
    )
    refused = command(*asked)
    assert (refused.returncode, out.exists()) == (2, False)
    assert refused.stderr.startswith("Error: No sender named '55501'.")
    assert OURS in refused.stderr
    allowed = command(*asked, "--allow-unknown", "--strict")
    assert allowed.returncode == 3
    html = next(out.glob("*.html")).read_text()
    red = html[html.index('class="problems"') : html.index('class="about"')]
    assert "Sender 55501 was never seen in this lake: nothing of it can be in these numbers." in red


def test_all_rows_are_checked_before_the_first_runs(command: Command, tmp_path: Path) -> None:
    file, out = tmp_path / "clients.csv", tmp_path / "out"
    file.write_text("client,per\nACME,sender\nOther,sendr\n")
    done = command("report", "run", "cost", *WEEK, "--params", str(file), "--out", str(out))
    assert (done.returncode, out.exists()) == (2, False)
    assert done.stderr == "Error: per is 'sendr'; allowed is one of sender, messaging_service, country.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("costs",), "No report named 'costs'. Did you mean 'cost'?"),
        (("cost", "--since", "2025-13-01"), "since is '2025-13-01'; allowed is a date as 2026-09-01."),
        (("cost", "--format", "docx"), "No format named 'docx'."),
        (("cost", "--param", "client"), "--param is 'client'; write name=value"),
        (("cost", "--param", f"client={SECRET}"), "The parameter 'client' looks like a secret"),
    ],
)
def test_wrong_use_is_one_line_and_exit_2(command: Command, arguments: tuple[str, ...], said: str) -> None:
    done = command("report", "run", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: {said}")
    assert done.stderr.count("\n") == 1
    assert SECRET not in done.stderr


def test_without_a_lake_it_says_what_to_do(command: Command, tmp_path: Path) -> None:
    done = command("report", "run", "cost", home=tmp_path)
    assert done.returncode == 1
    assert "There is no lake" in done.stderr


def test_without_pango_it_says_what_to_install_before_it_runs(command: Command, tmp_path: Path) -> None:
    stand_in = "raise OSError(\"cannot load library 'libpango-1.0-0': not found\")"
    (tmp_path / "weasyprint.py").write_text(stand_in)
    done = command("report", "run", "cost", "--out", str(tmp_path / "out"), PYTHONPATH=str(tmp_path))
    assert (done.returncode, (tmp_path / "out").exists()) == (2, False)
    assert "PDF needs the Pango library" in done.stderr
    assert "apt-get install libpango-1.0-0" in done.stderr
    assert "--format html,ipynb" in done.stderr


def notebook(folder: Path, *cells: str) -> str:
    """A report of a test's own."""
    parameters = "\n".join(
        [
            "from datetime import date",
            "since: date | None = None",
            "until: date | None = None",
            "period: str = 'week'",
        ]
    )
    about = {"cell_type": "markdown", "id": "about", "metadata": {}, "source": "# Trial\n\nOf a test."}
    common: dict[str, Any] = {"cell_type": "code", "execution_count": None, "outputs": []}
    codes: list[dict[str, Any]] = [
        {**common, "id": f"c{number}", "metadata": {}, "source": text}
        for number, text in enumerate([parameters, *cells])
    ]
    codes[0]["metadata"] = {"tags": ["parameters"]}
    content = {"cells": [about, *codes], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "trial.ipynb").write_text(json.dumps(content))
    return "trial"


def test_a_failed_run_names_its_cell_and_keeps_the_notebook(known_settings: Settings, tmp_path: Path) -> None:
    name = notebook(tmp_path, "print('begun with +14155550123')", "1 / 0\n# after")
    plan = plan_report(known_settings, name, {"since": "2025-03-03"}, folder=tmp_path)
    with pytest.raises(ReportFailed) as raised:
        run_report(known_settings, plan, formats=["html"], out=tmp_path / "out")
    [kept] = (tmp_path / "out").iterdir()
    assert str(raised.value) == (
        "trial failed in cell In [4] (`1 / 0`): ZeroDivisionError: division by zero. "
        f"The notebook is kept: {kept}"
    )
    assert kept.name.endswith(".failed.ipynb")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "begun with +1415***0123" in kept.read_text()


def test_the_kernel_has_no_secret_and_no_start_up_files(
    known_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(
        {
            "WORKBENCH_HOME": str(known_home),
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_AUTH_TOKEN": SECRET,
        }
    )
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", SECRET)
    monkeypatch.setenv("WORKBENCH_SMTP_PASSWORD", "hunter2!")
    monkeypatch.setenv("WORKBENCH_OAUTH_SECRET", "hunter2!")
    code = (
        "import os, sys\nsecret = ('TWILIO', 'SMTP', 'OAUTH')\n"
        "print(sorted(n for n in os.environ if any(word in n for word in secret)), sys.executable)"
    )
    name = notebook(tmp_path, code, f"raise ValueError('{SECRET}')")
    plan = plan_report(settings, name, {}, folder=tmp_path)
    with pytest.raises(ReportFailed) as raised:
        run_report(settings, plan, formats=["html"], out=tmp_path / "out")
    [kept] = (tmp_path / "out").iterdir()
    assert f"[] {sys.executable}" in kept.read_text()
    assert SECRET not in str(raised.value) + kept.read_text()


def test_what_a_killed_run_left_is_removed_after_a_day(known_settings: Settings, tmp_path: Path) -> None:
    old, new = (known_settings.home / "tmp" / name for name in ("report-old", "report-new"))
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "executed.ipynb").write_text("{}")
    os.utime(old, (0, 0))
    plan = plan_report(known_settings, notebook(tmp_path, "1 / 0"), {}, folder=tmp_path)
    with pytest.raises(ReportFailed):
        run_report(known_settings, plan, formats=["html"], out=tmp_path / "out")
    assert (old.exists(), new.exists()) == (False, True)


def test_a_notebook_without_its_end_is_no_report(known_settings: Settings, tmp_path: Path) -> None:
    name = notebook(tmp_path, "1 + 1")
    plan = plan_report(known_settings, name, {}, folder=tmp_path)
    with pytest.raises(WorkbenchError, match=r"does not end with `report.end\(\)`"):
        run_report(known_settings, plan, formats=["html"], out=tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_notebook_without_parameters_is_no_report(known_settings: Settings, tmp_path: Path) -> None:
    content = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "trial.ipynb").write_text(json.dumps(content))
    with pytest.raises(WorkbenchError, match="is not a report"):
        plan_report(known_settings, "trial", {}, folder=tmp_path)
    with pytest.raises(UnknownName):
        plan_report(known_settings, "other", {}, folder=tmp_path)

"""The doctor's check of the backups: none, young, old, gone."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.doctor.conftest import NOW, Patient
from workbench.settings import load_settings


def note(patient: Patient, target: Path, days: int) -> None:
    (target / "backups").mkdir(parents=True)
    (target / "backups" / "1.json").touch()
    made_at = (NOW - timedelta(days=days)).isoformat()
    content = {"target": str(target), "name": "backups/1.json", "backup_id": "1", "made_at": made_at}
    (patient.settings.home / "backup.json").write_text(json.dumps(content))


@pytest.mark.parametrize(("days", "state"), [(1, "fine"), (3, "warning"), (8, "failure")])
def test_a_backup_grows_old(patient: Patient, tmp_path: Path, days: int, state: str) -> None:
    note(patient, tmp_path / "place", days)
    (result,) = patient.results("backup")
    assert result.state == state
    assert f"{days} d old" in result.evidence


def test_a_backup_that_is_gone_is_none(patient: Patient, tmp_path: Path) -> None:
    note(patient, tmp_path / "place", 1)
    (tmp_path / "place" / "backups" / "1.json").unlink()
    (result,) = patient.results("backup")
    assert (result.state, "is missing" in result.evidence) == ("failure", True)


def test_a_place_without_a_backup_is_a_failure_and_no_place_is_said(patient: Patient) -> None:
    assert patient.states("backup") == [("skipped", "")]
    environ = {"WORKBENCH_HOME": str(patient.settings.home), "WORKBENCH_BACKUP_TARGET": "/elsewhere"}
    patient.settings = load_settings(environ)
    assert patient.states("backup") == [("failure", "")]

"""What a move refuses, and what it leaves where it gives up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lakes import begin_lake
from tests.moving.conftest import Move, content_at, look
from tests.postgres import PostgresServer
from workbench.home import REMOVALS_LOCK
from workbench.lake import open_lake
from workbench.lake.lock import only_one
from workbench.moving import run
from workbench.moving.both_lakes import BothLakes
from workbench.moving.copying import TableCopies
from workbench.settings import load_settings

UNFIT = [
    ([], "Nothing is given; give one of"),
    (["--to", "mysql:x"], "--to is 'mysql:x'; write sqlite:PATH"),
    (["--to", "postgres:dbname=x"], "give --data with a folder"),
    (["--to", "postgres:dbname=x password=hunter2", "--data", "gs://x/"], "--data is 'gs://x/'"),
    (["--to", "postgresql://u:hunter2@h/x", "--data", "y"], "--to is 'postgresql://u:***@h/x'"),
    (["--to", "sqlite:x", "--abandon"], "to and abandon is given"),
    (["--abandon"], "No move of the lake was begun"),
    (["--release-old"], "No move of the lake was begun"),
    (["--release-old", "--confirm"], "data and confirm with to"),
    (["--abandon", "--delete"], "delete goes with release_old"),
    (["--to", "sqlite:/etc/passwd"], "there is a file at /etc/passwd already"),
]


def test_what_fits_nothing(move: Move) -> None:
    for words, said in UNFIT:
        answer = move(*words)
        assert answer.exit_code == 2, answer.output
        assert said in answer.output
        assert "hunter2" not in answer.output


def test_a_place_that_is_in_use(
    filled: Path, move: Move, tmp_path: Path, postgres_machine: PostgresServer
) -> None:
    before = content_at(filled)
    other = load_settings({"WORKBENCH_HOME": str(tmp_path / "other")})
    begin_lake(other).close()
    for words, reason in (
        (["--to", f"sqlite:{tmp_path / 'other' / 'lake' / 'catalog.sqlite'}"], "there is a file at"),
        (
            ["--to", f"sqlite:{tmp_path / 'n.sqlite'}", "--data", other.home / "lake" / "files"],
            "holds files of a lake",
        ),
        (
            ["--to", f"sqlite:{tmp_path / 'n.sqlite'}", "--data", filled / "lake" / "files" / "in"],
            "inside of the",
        ),
        (["--to", f"sqlite:{filled / 'lake' / 'catalog.sqlite'}"], "there is a file at"),
        (["--to", "postgres:dbname=x host=127.0.0.1 port=9", "--data", tmp_path / "f"], "does not answer"),
        (
            ["--to", f"postgres:{postgres_machine.address()} password=hunter2", "--data", tmp_path / "f"],
            "PGPASSFILE",
        ),
    ):
        for way, code in ((move, 2), (look, 1)):
            answer = way(*words)
            assert answer.exit_code == code, answer.output
            assert reason in answer.output
            assert "hunter2" not in answer.output
    assert not (filled / "lake-move.json").exists()
    assert content_at(filled) == before


def test_a_new_lake_that_somebody_changed_is_not_switched_to(
    filled: Path, move: Move, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, target = content_at(filled), f"sqlite:{tmp_path / 'new' / 'c.sqlite'}"
    for moment in ("copied", "compared"):
        tampering = _tamper_after(moment)
        with monkeypatch.context() as patch:
            patch.setattr(TableCopies, *tampering)
            answer = move("--to", target)
        assert answer.exit_code == 1, answer.output
        assert "The table raw_messages of the new lake is not that of the old one" in answer.output
        assert content_at(filled) == before
    # The same once more copies that table anew.
    assert move("--to", target).exit_code == 0
    assert content_at(filled) == before


def _tamper_after(moment: str) -> tuple[str, object]:
    name = "bring_up" if moment == "copied" else "compare"
    whole = getattr(TableCopies, name)

    def then_tamper(copies: TableCopies) -> object:
        answer = whole(copies)
        copies._lakes.engine.execute(
            "update raw_messages set body = 'x' where message_sid = (select max(message_sid) from "
            "raw_messages)"
        )
        return answer

    return name, then_tamper


def test_what_was_begun_is_removed_and_nothing_else(
    filled: Path, move: Move, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content_at(filled)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "ours.txt").write_text("stays")
    with monkeypatch.context() as patch:
        patch.setattr(run, "refuse_other_features", _fail)
        assert move("--to", f"sqlite:{tmp_path / 'new' / 'c.sqlite'}").exit_code == 1
    assert (tmp_path / "new" / "c.sqlite").exists()
    other = move("--to", f"sqlite:{tmp_path / 'elsewhere.sqlite'}")
    assert other.exit_code == 2
    assert "was begun and is not ended" in other.output
    answer = move("--abandon")
    assert answer.exit_code == 0, answer.output
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["ours.txt"]
    assert content_at(filled) == before
    assert move("--abandon").exit_code == 2


def _fail(lakes: BothLakes) -> None:
    raise RuntimeError("the machine is switched off")


def test_nobody_is_erased_in_the_moment_of_the_switch(filled: Path, move: Move, tmp_path: Path) -> None:
    target = f"sqlite:{tmp_path / 'c.sqlite'}"
    with only_one(filled / REMOVALS_LOCK, "erasure"):
        answer = move("--to", target)
    assert answer.exit_code == 3
    assert "Another erasure or retention run is running" in answer.output
    assert move("--to", target).exit_code == 0
    with open_lake(load_settings()) as lake:
        assert lake.address.catalog == str(tmp_path / "c.sqlite")

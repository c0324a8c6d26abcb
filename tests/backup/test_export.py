"""One plain file for other tools: equal sums, masked, nothing overwritten; and what the lake takes up."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from tests.messages import payload
from tests.ui.known import save
from workbench import NotAllowed, UsageError, Workbench
from workbench.cli import main
from workbench.lake import open_lake
from workbench.roles import Actor, acting_as
from workbench.settings import load_settings


@pytest.fixture(scope="module")
def wb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    home = tmp_path_factory.mktemp("export") / "home"
    with open_lake(load_settings(home=home)) as lake:
        save(lake, [payload(number, price="-0.00750", price_unit="USD") for number in range(100)])
    with Workbench(home) as opened:
        opened.contacts.edit("+14155550123", name="Ann")
        yield opened


#: Another process, without our package and with everything that could be loaded switched off.
READER = """
import duckdb, json, sys
connection = duckdb.connect(sys.argv[1], read_only=True, config={
    "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
    "enable_external_access": "false"})
print(json.dumps(connection.execute(
    "select count(*), sum(segments), sum(spend)::varchar, max(length(contact)) from messages").fetchall()[0]))
"""


def test_the_file_opens_in_plain_duckdb_with_equal_sums(wb: Workbench, tmp_path: Path) -> None:
    exported = wb.export(tmp_path / "lake.duckdb")
    answer = subprocess.run(
        [sys.executable, "-I", "-c", READER, exported.path], capture_output=True, text=True, check=True
    )
    assert json.loads(answer.stdout) == [100, 100, "0.750000", 12]
    with duckdb.connect(exported.path, read_only=True) as file:
        assert file.execute("select distinct contact, sender from messages").fetchall() == [
            ("+1415***0123", "+1202***0110")
        ]
        about = dict(file.execute("from about").fetchall())
        columns = {name for (name, *_) in file.execute("describe contacts").fetchall()}
    assert (about["numbers"], about["rows of messages"]) == ("masked", "100")
    assert about["snapshot"] == str(exported.snapshot)
    assert "name" not in columns
    assert b"+14155550123" not in Path(exported.path).read_bytes()
    assert Path(exported.path).stat().st_mode & 0o777 == 0o600


def test_whole_numbers_are_asked_for_and_noted(wb: Workbench, tmp_path: Path) -> None:
    wb.export(tmp_path / "parquet", whole_numbers=True)
    folder = str(tmp_path / "parquet")
    with duckdb.connect() as connection:
        question = "select distinct contact, count(*) over () from read_parquet(?)"
        rows = connection.execute(question, [f"{folder}/messages.parquet"]).fetchall()
        names = connection.execute(
            "select name from read_parquet(?)", [f"{folder}/contacts.parquet"]
        ).fetchall()
    assert rows == [("+14155550123", 100)]
    assert names == [("Ann",)]
    assert json.loads(wb.audit.show(action="export").detail[0])["whole_numbers"] is True
    with acting_as(Actor("ana", "viewer")):
        with pytest.raises(NotAllowed):
            wb.export(tmp_path / "viewer.duckdb", whole_numbers=True)
        assert wb.export(tmp_path / "viewer.duckdb").is_masked


def test_nothing_is_overwritten_unasked(wb: Workbench, tmp_path: Path) -> None:
    file, folder = tmp_path / "lake.duckdb", tmp_path / "mine"
    file.write_text("mine")
    folder.mkdir()
    (folder / "notes.parquet").touch()
    for place in (file, folder):
        with pytest.raises(UsageError, match="is there already"):
            wb.export(place)
    with pytest.raises(UsageError, match="something else than an export"):
        wb.export(folder, overwrite=True)
    with pytest.raises(UsageError, match=r"ends in \.duckdb"):
        wb.export(tmp_path / "lake.xlsx")
    assert file.read_text() == "mine"
    assert wb.export(file, overwrite=True).rows["messages"] == 100
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lake.duckdb", "mine"]


def test_the_lake_says_what_it_takes_up_and_is_compacted(
    wb: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(wb.settings.home))
    info = json.loads(CliRunner().invoke(main, ["lake", "info", "--format", "json"]).stdout)
    files = list(Path(info["data"]).rglob("*.parquet"))
    assert info["files"] == info["small_files"] == len(files)
    assert info["data_size"] == sum(file.stat().st_size for file in files)
    assert (info["rows"]["raw_messages"], info["rows"]["alerts"]) == (100, 0)
    assert info["schema_version"] == "142_contact_languages"
    assert "raw_messages" in CliRunner().invoke(main, ["lake", "info"]).stdout
    compacted = CliRunner().invoke(main, ["lake", "compact"])
    assert compacted.exit_code == 0, compacted.output
    assert "files became" in compacted.stdout

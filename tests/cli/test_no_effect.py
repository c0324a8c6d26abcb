"""An option that would change nothing is refused by name, before anything is opened or sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from workbench.cli import main
from workbench.cli.no_effect import refuse_idle


@pytest.fixture(autouse=True)
def _no_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WORKBENCH_HOME", str(home))
    yield
    assert not home.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["conversations", "--waiting", "--view", "all"], "--view has no effect with --waiting"),
        (["sync", "--full", "--since", "2026-01-01", "import", __file__],
         "--full and --since have no effect with `sync import`"),
        (["consent", "import", "-", "--scope", "-", "--scope", "x"], "--scope is given 2 times"),
        (["send-batch", "-", "--body", "-"], "- is given twice, and there is one standard input"),
        (["status", "--format", "json", "--format", "table"], "--format is given 2 times"),
        (["metrics", "--json", "--format", "csv"], "--json is --format json, and --format is 'csv'"),
        (["report", "send", __file__, "--link", "https://x", "--format", "pdf"], "--format has no effect"),
        (["subject", "erase", "x", "--local-only", "--twilio", "redact"], "--twilio has no effect with"),
        (["consent", "revocations", "--state", "all", "decide", "SM1"], "unexpected extra arguments"),
        (["revocations", "decide", "SM1", "not-opt-out", "--scope", "*"], "--scope has no effect on"),
        (["sync", "--create-job"], "--create-job asks Twilio for an export"),
        (["sync", "--watch", "5m", "--full"], "--watch keeps the lake up to date"),
        (["metric", "messages", "--until", "2026-01-01", "--until", "2026-02-01"], "--until is given 2"),
        (["send", "--to", "x", "--body", "a", "--body", "b"], "--body is given 2 times and takes one value"),
        (["send", "--to", "x", "--var", "a=1", "--var", "a=2"], "--var a is given twice"),
        (["contacts", "list", "--limit", "5", "--limit", "6"], "--limit is given 2 times"),
    ],
)  # fmt: skip
def test_an_option_without_effect_is_refused(arguments: list[str], words: str) -> None:
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, words in done.output) == (2, True), done.output


def test_a_parameter_of_every_row_of_a_file_is_not_overruled_in_silence(tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text("client,senders\nAcme,+12025550110\n")
    done = CliRunner().invoke(
        main, ["report", "run", "cost", "--params", str(file), "--param", "client=Bolt"]
    )
    assert (done.exit_code, "client has no effect" in done.output) == (2, True), done.output


def test_flags_and_options_of_several_values_may_come_twice() -> None:
    assert CliRunner().invoke(main, ["segments", "--json", "--json", "Hi"]).exit_code == 0
    told = CliRunner().invoke(main, ["send", "--to", "x", "--var", "a=1", "--var", "b"]).output
    assert "--var is 'b'; write name=value" in told


def test_only_what_was_typed_counts() -> None:
    @click.command()
    @click.option("--way", default="a", envvar="THE_WAY")
    def command(way: str) -> None:
        refuse_idle("here", "way")

    assert CliRunner().invoke(command, []).exit_code == 0
    assert CliRunner().invoke(command, [], env={"THE_WAY": "b"}).exit_code == 0
    assert CliRunner().invoke(command, ["--way", "a"]).exit_code != 0


@pytest.mark.parametrize(
    ("arguments", "stdin", "first"),
    [
        (["-x"], "", "'-x'"),
        (["--50% off--"], "", "'--50% off--'"),
        (["-"], "Hello\n", "'Hello'"),
        (["-"], "Two\nlines\n\n", "'Two\\nlines\\n'"),
        (["--", "--json"], "", "'--json'"),
    ],
)
def test_segments_takes_a_text_with_a_dash_and_standard_input(
    arguments: list[str], stdin: str, first: str
) -> None:
    done = CliRunner().invoke(main, ["segments", *arguments], input=stdin)
    assert (done.exit_code, done.output.splitlines()[1]) == (0, f"  1  {first}")


def test_lists_keep_names_and_texts_apart() -> None:
    metrics = CliRunner().invoke(main, ["metric", "list"]).output
    assert "error_rate_without_opt_outs " in metrics
    assert "without_consent_at_most " in CliRunner().invoke(main, ["report", "list"]).output

"""Any row of the trail that is altered, missing, moved, doubled or cut off is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from workbench.compliance.trail import read_trail, verify_trail
from workbench.errors import UsageError
from workbench.lake import Lake
from workbench.lake.audit import ANCHOR_FILE, append_audit, read_anchor

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.fixture
def trail(lake: Lake) -> Lake:
    """Six rows in three commits."""
    for first in (1, 3, 5):

        def write(cursor: object, first: int = first) -> None:
            for number in (first, first + 1):
                append_audit(
                    cursor,  # type: ignore[arg-type]
                    "reveal",
                    actor="local:ops",
                    subject=f"+1415***{number:04}",
                    detail={"why": "a customer called", "n": number},
                    at=NOW,
                )

        lake.write(write)
    return lake


def tamper(lake: Lake, *statements: str) -> None:
    def run(cursor: object) -> None:
        for statement in statements:
            cursor.execute(statement)  # type: ignore[attr-defined]

    lake.write(run)


def test_an_untouched_trail_is_whole(trail: Lake) -> None:
    check = verify_trail(trail)
    assert (check.rows, check.last_seq, check.problems) == (6, 6, ())
    assert check.tail == f"6:{trail.value('select hash from audit_events where seq = 6')}"
    assert read_anchor(trail.home) == (6, check.last_hash)
    assert verify_trail(trail, check.tail).is_whole


COLUMNS = {
    "happened_at": "happened_at + interval 1 second",
    "actor": "'local:somebody'",
    "action": "'send'",
    "subject": "null",
    "detail": "replace(detail, 'called', 'wrote')",
    "previous_hash": "repeat('0', 64)",
    "hash": "repeat('a', 64)",
    "seq": "99",
}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("seq", [1, 3, 6])
def test_any_altered_field_of_any_row_is_found(trail: Lake, column: str, seq: int) -> None:
    if (column, seq) == ("previous_hash", 1):
        return  # it is that already
    tamper(trail, f"update audit_events set {column} = {COLUMNS[column]} where seq = {seq}")
    assert not verify_trail(trail).is_whole


@pytest.mark.parametrize(
    ("statements", "kind", "text"),
    [
        (["delete from audit_events where seq = 1"], "missing", "row 1 missing before row 2"),
        (["delete from audit_events where seq in (3, 4)"], "missing", "rows 3 to 4 missing before row 5"),
        (["delete from audit_events where seq = 6"], "cut off", "ends at row 5, and row 6 had been written"),
        (["delete from audit_events"], "cut off", "ends at row 0, and row 6 had been written"),
        (["insert into audit_events select * from audit_events where seq = 2"], "twice", "row 2 is there"),
        (
            [
                "update audit_events set seq = 100 where seq = 2",
                "update audit_events set seq = 2 where seq = 4",
                "update audit_events set seq = 4 where seq = 100",
            ],
            "altered",
            "row 2 is not what was written",
        ),
    ],
)
def test_what_is_gone_or_moved_is_named(trail: Lake, statements: list[str], kind: str, text: str) -> None:
    tamper(trail, *statements)
    problems = verify_trail(trail).problems
    assert any(problem.kind == kind and text in problem.text for problem in problems), problems


def test_a_row_of_another_trail_does_not_follow(trail: Lake) -> None:
    """A row that is consistent by itself, made by somebody who knows how."""
    from workbench.lake.audit import AuditRow

    row = AuditRow(4, NOW, "local:ops", "reveal", None, "{}", "f" * 64)
    tamper(
        trail,
        f"update audit_events set previous_hash = '{row.previous_hash}', hash = '{row.hash}', "
        "subject = null, detail = '{}' where seq = 4",
    )
    kinds = [problem.kind for problem in verify_trail(trail).problems]
    assert kinds == ["out of order", "out of order"]


def test_a_trail_made_anew_is_found_by_the_anchor_alone(trail: Lake) -> None:
    tail = verify_trail(trail).tail
    tamper(trail, "delete from audit_events where seq > 4")
    (trail.home / ANCHOR_FILE).unlink()
    assert verify_trail(trail).is_whole
    assert [problem.kind for problem in verify_trail(trail, tail).problems] == ["cut off"]
    trail.write(lambda cursor: append_audit(cursor, "reveal", actor="x"))
    trail.write(lambda cursor: append_audit(cursor, "reveal", actor="x"))
    assert [problem.kind for problem in verify_trail(trail, tail).problems] == ["altered"]


def test_a_write_that_fails_moves_no_anchor(trail: Lake) -> None:
    def fail(cursor: object) -> None:
        append_audit(cursor, "reveal", actor="x")  # type: ignore[arg-type]
        raise RuntimeError

    def try_to(work: Callable[[object], None]) -> None:
        with pytest.raises(RuntimeError):
            trail.write(work)

    try_to(fail)
    assert verify_trail(trail).is_whole
    anchor = read_anchor(trail.home)
    assert anchor is not None
    assert anchor[0] == 6


@pytest.mark.parametrize("anchor", ["", "6", "6:abc", "x:" + "0" * 64])
def test_what_is_no_anchor_is_refused(trail: Lake, anchor: str) -> None:
    with pytest.raises(UsageError, match="is no anchor"):
        verify_trail(trail, anchor)


def test_the_trail_is_shown_the_newest_first(trail: Lake) -> None:
    frame = read_trail(trail, action="reveal", limit=2)
    assert list(frame["seq"]) == [6, 5]
    assert read_trail(trail, actor="nobody").empty

"""A damaged file says what it held and how to get it back, and the way it tells works."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.messages import payload
from tests.ui.known import save
from workbench.errors import LakeDamaged, UsageError
from workbench.lake import Lake, open_lake
from workbench.lake.purge import purge
from workbench.lake.set_aside import set_damaged_aside
from workbench.settings import Settings

EVERYTHING = "select max(hash(m)), count(*) from raw_messages m"


def _gone(path: Path) -> None:
    path.unlink()


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _other(path: Path) -> None:
    path.write_text("no Parquet at all" * 500)


def _rotten_pages(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[100:-2500] = random.Random(1).randbytes(len(content) - 2600)
    path.write_bytes(content)


def _rotten_footer(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1500:-100] = random.Random(1).randbytes(1400)
    path.write_bytes(content)


DAMAGES = [_gone, _empty, _half, _other, _rotten_pages, _rotten_footer]


def of_day(number: int, month: int, day: int) -> dict[str, Any]:
    moment = datetime(2026, month, day, 12, tzinfo=UTC)
    return payload(number, date_created=moment, date_sent=moment, date_updated=moment)


@pytest.fixture
def filled(lake: Lake) -> Lake:
    """100 messages of 1 September in one file, 100 of 5 and 6 October in another."""
    save(lake, [of_day(number, 9, 1) for number in range(100)])
    october = [of_day(100 + number, 10, 5) for number in range(50)]
    october += [of_day(150 + number, 10, 6) for number in range(50)]
    save(lake, october)
    return lake


def october_file(lake: Lake) -> Path:
    return max(Path(lake.address.data, "main", "raw_messages").glob("*.parquet"))


@pytest.mark.parametrize("damage", DAMAGES)
def test_it_says_which_days_and_heals_with_a_copy_of_the_file(
    filled: Lake, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    path = october_file(filled)
    before = filled.rows(EVERYTHING)
    shutil.copy(path, tmp_path / "copy")
    damage(path)
    with pytest.raises(LakeDamaged) as failure:
        filled.rows(EVERYTHING)
    text = str(failure.value)
    assert f"{path} held 100 rows of table raw_messages of 2026-10-05 to 2026-10-06 (GMT)" in text
    assert "workbench sync --full --since 2026-10-05 --until 2026-10-07 --set-damaged-aside" in text
    assert "copy of the lake" in text
    shutil.copy(tmp_path / "copy", path)
    assert filled.rows(EVERYTHING) == before


@pytest.mark.parametrize("damage", [_gone, _rotten_pages])
def test_it_can_be_set_aside_and_read_again(filled: Lake, damage: Callable[[Path], None]) -> None:
    path = october_file(filled)
    damage(path)
    aside = set_damaged_aside(filled)
    assert [file.held for file in aside] == [
        "100 rows of table raw_messages of 2026-10-05 to 2026-10-06 (GMT)"
    ]
    assert not path.exists()
    assert len(list(filled.home.glob("set-aside/*/files/*.parquet"))) == (0 if damage is _gone else 1)
    assert filled.value("select count(*) from raw_messages where body is not null") == 100
    assert filled.value("select action from audit_events") == "damaged-files-set-aside"
    save(filled, [of_day(100 + number, 10, 5) for number in range(100)])
    purge(filled)
    assert filled.value("select count(distinct message_sid) from raw_messages where body is not null") == 200
    assert set_damaged_aside(filled) == []


def test_what_twilio_cannot_tell_again_is_not_set_aside(filled: Lake) -> None:
    filled.write(
        lambda cursor: cursor.execute(
            "insert into consent_events select 'e' || i, 'AC', '+1', '*', 'opt-out', 'x', null, null, null, "
            "null, timestamptz '2026-10-02 00:00:00+00', now(), null from range(1000) t(i)"
        )
    )
    path = next(Path(filled.address.data, "main", "consent_events").glob("*.parquet"))
    path.write_bytes(b"")
    told = r"1,000 rows of table consent_events of 2026-10-02.*older copy"
    with pytest.raises(LakeDamaged, match=told):
        filled.rows("select max(hash(c)) from consent_events c")
    with pytest.raises(LakeDamaged, match=told):
        set_damaged_aside(filled)
    assert path.exists()


def test_a_wrong_question_is_no_damage(filled: Lake) -> None:
    with pytest.raises(UsageError):
        filled.rows("select cast('x' as integer) from raw_messages")
    with pytest.raises(UsageError):
        filled.rows("select nothing from raw_messages")


@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_half_a_catalog_is_damage_and_not_a_new_lake(settings: Settings, kept: float) -> None:
    with open_lake(settings) as lake:
        save(lake, [payload(number) for number in range(100)])
    catalog = Path(lake.address.catalog)
    whole = catalog.read_bytes()
    catalog.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(LakeDamaged, match=r"catalog.*damaged.*copy of the lake.*--start-anew"):
        open_lake(settings)
    catalog.write_bytes(whole)
    with open_lake(settings) as lake:
        assert lake.value("select count(*) from raw_messages") == 100


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(seed=st.integers(0, 10_000), length=st.integers(1, 3_000))
def test_whatever_rots_is_never_a_bare_error_of_the_engine(filled: Lake, seed: int, length: int) -> None:
    path, chance = october_file(filled), random.Random(seed)
    whole = path.read_bytes()
    content = bytearray(whole)
    start = chance.randrange(len(content))
    content[start : start + length] = chance.randbytes(len(content[start : start + length]))
    path.write_bytes(content)
    try:
        error = _error_of(filled)
        assert error is None or "2026-10-05 to 2026-10-06" in str(error)
    finally:
        path.write_bytes(whole)
        filled.renew()


def _error_of(lake: Lake) -> LakeDamaged | None:
    """What a reader of everything is told; values may rot unseen, for Parquet has no sums over them here."""
    try:
        lake.rows(EVERYTHING)
    except LakeDamaged as error:
        return error
    return None

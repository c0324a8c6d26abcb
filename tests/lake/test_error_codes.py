"""An error code of 0 is none, also in a lake that an older version filled."""

from __future__ import annotations

from tests.lake.old import attach, make_lake_of
from workbench.lake import open_lake
from workbench.settings import Settings


def test_a_lake_with_codes_of_0_has_none_after_its_migration(settings: Settings) -> None:
    make_lake_of(settings, 45)
    with attach(settings) as lake:
        lake.write(
            lambda cursor: cursor.execute("update raw_messages set error_code = 0 where error_code is null")
        )
        before = lake.rows("select error_code, count(*) from raw_messages group by all order by all")
    assert before[0] == (0, 1)
    with open_lake(settings) as lake:
        assert lake.rows("select error_code, count(*) from raw_messages group by all order by all") == [
            *before[1:],
            (None, 1),
        ]
        assert lake.value("select count(*) from message_facts where error_code = 0") == 0

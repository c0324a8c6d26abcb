"""SIDs carry their serial number and nobody else's."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from workbench.simulator.account.sids import SidCodec, derive_hex, derive_sid

CODEC = SidCodec("one account")


@given(st.integers(min_value=0, max_value=2**64 - 1))
def test_a_sid_gives_its_serial_number_back(serial: int) -> None:
    sid = CODEC.encode("SM", serial)
    assert re.fullmatch(r"SM[0-9a-f]{32}", sid)
    assert CODEC.decode(sid) == serial


def test_another_accounts_sid_is_foreign() -> None:
    assert SidCodec("another account").decode(CODEC.encode("SM", 12)) is None


def test_a_sid_with_one_digit_changed_is_foreign() -> None:
    sid = CODEC.encode("SM", 12)
    for place in range(2, 34):
        changed = sid[:place] + ("0" if sid[place] != "0" else "1") + sid[place + 1 :]
        assert CODEC.decode(changed) is None


def test_text_that_is_no_sid_is_foreign() -> None:
    for text in ("", "SM", "SM" + "g" * 32, "SM" + "0" * 31, "sm" + "0" * 32):
        assert CODEC.decode(text) is None


def test_derived_names_depend_on_seed_and_name() -> None:
    assert derive_sid(1, "AC", "main") != derive_sid(2, "AC", "main") != derive_sid(2, "AC", "other")
    assert derive_sid(1, "AC", "main") == derive_sid(1, "AC", "main")
    assert len(derive_hex(1, "token")) == 32

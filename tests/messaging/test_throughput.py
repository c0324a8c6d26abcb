"""The limit of each kind of sender, and what the configuration changes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from workbench.messaging.throughput import default_mps, mps_limit


@pytest.mark.parametrize(
    ("sender", "per_second"),
    [
        ("+12065550101", 1),
        ("+14165550106", 1),
        ("+447400100107", 10),
        ("+18335550108", 3),
        ("55501", 100),
        ("DEMOSHOP", 10),
        ("whatsapp:+14155550111", 80),
        ("rcs:agent", None),
        ("messenger:1234", None),
    ],
)
def test_documented_defaults_name_their_source(sender: str, per_second: int | None) -> None:
    limit = default_mps(sender)
    assert limit.per_second == per_second
    assert ("https://" in limit.source) == (per_second is not None)


def test_configuration_wins_and_an_address_wins_over_its_kind() -> None:
    configured = {"toll-free": 25, "+18335550108": 150.5}
    assert mps_limit("+18335550108", configured).per_second == Decimal("150.5")
    assert mps_limit("+18445550109", configured).per_second == 25
    assert mps_limit("+18445550109", configured).source == "configuration"
    assert mps_limit("+12065550101", configured) == default_mps("+12065550101")
    assert mps_limit("55501").per_second == 100

"""What inbound webhooks said beside the message itself: places, buttons, ads, the kind of content."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from workbench.lake.connect import Readable

_CLOCKS_DIFFER = timedelta(days=1)


def read_inbound_fields(
    lake: Readable, messages: Sequence[tuple[str, datetime]]
) -> dict[str, dict[str, Any]]:
    """The fields of each message's webhook, as Twilio named them; without messages that had none.

    Args:
        messages: SID and time of creation.
    """
    if not messages:
        return {}
    rows = lake.rows(
        "select message_sid, fields from webhook_fields where kind = 'inbound' "
        "and message_sid in (select unnest(?::varchar[])) and received_at >= ?::timestamptz",
        [[sid for sid, _ in messages], min(moment for _, moment in messages) - _CLOCKS_DIFFER],
    )
    return {sid: fields for sid, text in rows if isinstance(fields := orjson.loads(text), dict)}

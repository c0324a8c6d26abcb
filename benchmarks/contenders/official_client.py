"""Twilio's own client, pandas and DuckDB: what most people write first."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import duckdb
import pandas as pd
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

FIELDS = (
    "sid", "account_sid", "messaging_service_sid", "direction", "status", "error_code", "error_message",
    "from_", "to", "body", "num_segments", "num_media", "price", "price_unit",
    "date_created", "date_sent", "date_updated",
)  # fmt: skip


class StandInClient(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's way to send its client elsewhere: a custom HTTP client that changes the address."""

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        base = os.environ["WORKBENCH_TWILIO_BASE_URL"]
        return super().request(method, url.replace("https://api.twilio.com", base, 1), *args, **kwargs)


def main(database: str) -> None:
    client = Client(
        os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"], http_client=StandInClient()
    )
    listed = client.messages.stream(page_size=1000)
    rows = [{name: getattr(message, name) for name in FIELDS} for message in listed]
    frame = pd.DataFrame(rows, columns=list(FIELDS))
    with duckdb.connect(database) as connection:
        connection.execute("create table messages as select * from frame")
        counted = connection.execute("select count(distinct sid) from messages").fetchall()
    print(json.dumps({"rows": counted[0][0], "frame": len(frame)}))


if __name__ == "__main__":
    main(sys.argv[1])

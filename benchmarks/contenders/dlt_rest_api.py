"""dlt's declarative REST source into DuckDB, merged by SID so that it can be run again.

Runs in an environment that holds dlt and nothing of this product.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import dlt  # type: ignore[import-not-found]
from dlt.sources.rest_api import rest_api_source  # type: ignore[import-not-found]


def config(page_size: int | None) -> dict[str, Any]:
    """dlt's description of the list; without a page size Twilio answers 50 rows at a time."""
    account_sid = os.environ["TWILIO_ACCOUNT_SID"]
    return {
        "client": {
            "base_url": os.environ["WORKBENCH_TWILIO_BASE_URL"],
            "auth": {
                "type": "http_basic",
                "username": account_sid,
                "password": os.environ["TWILIO_AUTH_TOKEN"],
            },
            "paginator": {"type": "json_link", "next_url_path": "next_page_uri"},
        },
        "resources": [
            {
                "name": "messages",
                "primary_key": "sid",
                "write_disposition": "merge",
                "endpoint": {
                    "path": f"/2010-04-01/Accounts/{account_sid}/Messages.json",
                    "params": {"PageSize": page_size} if page_size else {},
                    "data_selector": "messages",
                },
            }
        ],
    }


def main(database: str, page_size: int | None) -> None:
    pipeline = dlt.pipeline(
        pipeline_name="messages",
        pipelines_dir=os.path.dirname(database),
        destination=dlt.destinations.duckdb(database),
        dataset_name="twilio",
    )
    pipeline.run(rest_api_source(config(page_size)))
    with pipeline.sql_client() as client:
        counted = client.execute_sql("select count(distinct sid) from messages")
    print(json.dumps({"rows": counted[0][0]}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None)

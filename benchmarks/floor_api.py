"""``python -m benchmarks.floor_api PORT``: the same web server answering a constant; nothing is read."""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.get("/api/v1/floor")
async def floor() -> dict[str, bool]:
    return {"alive": True}


if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), http="h11", ws="none", log_config=None, access_log=False
    )

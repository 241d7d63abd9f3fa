"""A bare FastAPI endpoint: what the machine, the server and the framework take by themselves.

`python -m benchmarks.bare PORT`: the same kind of request as a chat message, checked by the same
kind of model, answered at once, under the same server options as the product.
"""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Asked(BaseModel):
    message_id: str
    text: str


class Answered(BaseModel):
    message_id: str
    text: str


@app.post("/bare")
async def answer(asked: Asked) -> Answered:
    """Repeat the question."""
    return Answered(message_id=asked.message_id, text=asked.text)


@app.get("/healthz")
async def is_alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
    )

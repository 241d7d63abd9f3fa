"""A stand-in for OpenAI's embeddings: hashed bags of words, in the vendor's form."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from typing import Any

from tests.support.embedders import WordEmbedder
from tests.support.specification import VARIABLE, load_specification
from tests.vendors.standin import Answer, HttpStandIn, Records, SeenRequest

KEY = "sk-stand-in-embeddings"


class OpenAIEmbeddingsStandIn(HttpStandIn):
    """Models `text-embedding-3-small` and `-large`, with few dimensions."""

    title = "OpenAI embeddings"

    def __init__(self, dimensions: int = 256) -> None:
        super().__init__()
        self.models = {
            "text-embedding-3-small": WordEmbedder(dimensions, "small"),
            "text-embedding-3-large": WordEmbedder(dimensions * 2, "large"),
        }
        self._specification = load_specification("openai") if os.environ.get(VARIABLE) else None

    def settings(self) -> Mapping[str, Any]:
        """What `model` of app.yaml needs."""
        return {"embeddings_base_url": f"{self.url}/v1"}

    def credentials(self) -> Mapping[str, str]:
        """What connects here."""
        return {"api_key": KEY}

    def records(self) -> Records:
        """How many texts each model has seen."""
        return {
            "models": [
                {"model": name, "texts": one.texts, "queries": one.queries}
                for name, one in self.models.items()
            ]
        }

    def answer(self, request: SeenRequest) -> Answer:
        """One request."""
        if self._specification is not None:
            self.errors += self._specification.check_request(
                request.method, request.target, headers=request.headers, body=request.body
            )
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return _refuse(401, "Incorrect API key provided: sk-...")
        body = request.json()
        model = self.models.get(body.get("model"))
        if request.path != "/v1/embeddings" or model is None:
            return _refuse(404, "The model does not exist")
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        vectors = model.embed_batch(texts)
        as_base64 = body.get("encoding_format") == "base64"
        data = [
            {
                "object": "embedding",
                "index": row,
                "embedding": base64.b64encode(vector.astype("<f4").tobytes()).decode()
                if as_base64
                else (vector * 3).tolist(),
            }
            for row, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        return Answer(200, {"object": "list", "data": data, "model": body["model"], "usage": usage})


def _refuse(status: int, message: str) -> Answer:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return Answer(status, {"error": error})

"""The stylesheet and the scripts: few, small, and named by their content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from core.errors import NotFound

_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOR_EVER = "public, max-age=31536000, immutable"


class StaticFiles:
    """Read once: what is not in the folder when the server starts is not served."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        self._contents = {
            path.name: path.read_bytes()
            for path in sorted(folder.iterdir())
            if path.suffix in _TYPES
        }
        self._versions = {
            name: hashlib.sha256(content).hexdigest()[:12]
            for name, content in self._contents.items()
        }

    def address_of(self, name: str) -> str:
        """Where a file is, changing with its content: browsers may keep it for ever."""
        return f"/portal/static/{name}?v={self._versions[name]}"

    def add_to(self, router: APIRouter) -> None:
        """Serve the files."""

        @router.get("/static/{name}", name="portal_static")
        async def send_file(name: str, request: Request) -> Response:
            content = self._contents.get(name)
            if content is None:
                raise NotFound("There is no such file.")
            current = request.query_params.get("v") == self._versions[name]
            headers = {"cache-control": _FOR_EVER if current else "no-cache"}
            return Response(content, media_type=_TYPES[Path(name).suffix], headers=headers)

"""What Zoho's full description of its API v8 says of the paths that the shared, trimmed one leaves
out, in the same form, so that the same judge reads both."""

from __future__ import annotations

from typing import Any


def _query(name: str, kind: str = "string", *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": {"type": kind}}


def _path(*names: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]


_SINCE = {
    "name": "If-Modified-Since",
    "in": "header",
    "schema": {"type": "string", "format": "date-time"},
}
_PAGES = [_query("page", "integer"), _query("per_page", "integer")]
_FIELD = {
    "type": "object",
    "required": ["field_label", "data_type"],
    "properties": {
        "field_label": {"type": "string"},
        "data_type": {"type": "string"},
        "length": {"type": "integer"},
        "unique": {"type": "object", "properties": {"casesensitive": {"type": "boolean"}}},
    },
}
_OK: dict[str, Any] = {"responses": {"200": {"description": ""}}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.0",
    "info": {"title": "Zoho CRM v8, the rest", "version": "8"},
    "security": [{"zoho": []}],
    "paths": {
        "/crm/v8/settings/fields": {
            "get": {"parameters": [_query("module", required=True), _query("type")], **_OK},
            "post": {
                "parameters": [_query("module", required=True)],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["fields"],
                                "properties": {"fields": {"type": "array", "items": _FIELD}},
                            }
                        }
                    },
                },
                **_OK,
            },
        },
        "/crm/v8/{module_api_name}/deleted": {
            "get": {
                "parameters": [*_path("module_api_name"), _query("type"), *_PAGES, _SINCE],
                **_OK,
            }
        },
        "/crm/v8/{module_api_name}/{record_id}/Notes": {
            "get": {
                "parameters": [
                    *_path("module_api_name", "record_id"),
                    _query("fields", required=True),
                    *_PAGES,
                    _SINCE,
                ],
                **_OK,
            }
        },
        "/crm/v8/{module}/{record_id}/Attachments": {
            "get": {
                "parameters": [
                    *_path("module", "record_id"),
                    _query("fields", required=True),
                    *_PAGES,
                ],
                **_OK,
            },
            "post": {
                "parameters": _path("module", "record_id"),
                "requestBody": {
                    "required": True,
                    "content": {
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "properties": {"file": {"type": "string", "format": "binary"}},
                            }
                        }
                    },
                },
                **_OK,
            },
        },
        "/crm/v8/{module}/{record_id}/Attachments/{id}": {
            "delete": {"parameters": _path("module", "record_id", "id"), **_OK}
        },
    },
    "components": {
        "securitySchemes": {"zoho": {"type": "apiKey", "in": "header", "name": "Authorization"}}
    },
}

"""The page of the OpenAPI document: Swagger UI from files that are here, and nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

import fastapi_offline
from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, Response

from workbench.errors import NotFound

DOCS_PATH = "/api/v1/docs"
_FOLDER = Path(fastapi_offline.__file__).parent / "static"
_FILES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css", "favicon.png": "image/png"}
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_PAGE = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Workbench API</title>
<link rel="icon" href="{DOCS_PATH}/favicon.png">
<link rel="stylesheet" href="{DOCS_PATH}/swagger-ui.css">
<style>
.swagger-ui .info .description .renderedMarkdown :is(p, li) code {{
  padding: 0 .25rem; margin: 0; overflow-wrap: anywhere;
}}
.swagger-ui .info {{ margin: 1.5rem 0; }}
.swagger-ui .info li {{ line-height: 1.6; }}
.swagger-ui .scheme-container {{ margin: 0; padding: 1rem 0; }}
.swagger-ui .opblock-tag small {{ font-size: .9rem; }}
</style>
</head>
<body>
<div id="document"></div>
<script src="{DOCS_PATH}/swagger-ui-bundle.js"></script>
<script src="{DOCS_PATH}/begin.js"></script>
</body>
</html>
"""
#: In a file of its own, as the page allows no script in itself. The token is forgotten with the page.
_BEGIN = """
const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();
SwaggerUIBundle({
  url: "/api/v1/openapi.json",
  dom_id: "#document",
  deepLinking: true,
  persistAuthorization: false,
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""


def add_docs_page(app: FastAPI) -> None:
    """Serve the page and its files; they say nothing of anybody, so no token is asked for."""
    headers = {"Content-Security-Policy": _CSP, "Cache-Control": "no-cache"}

    @app.get(DOCS_PATH, include_in_schema=False)
    def page() -> HTMLResponse:
        return HTMLResponse(_PAGE, headers=headers)

    @app.get(DOCS_PATH + "/{name}", include_in_schema=False)
    def file(name: str) -> Response:
        if name == "begin.js":
            return Response(_BEGIN, media_type="text/javascript", headers=headers)
        if name not in _FILES:
            raise NotFound(f"There is no file {name[:80]!r} here; the page is {DOCS_PATH}.")
        return FileResponse(_FOLDER / name, media_type=_FILES[name], headers=headers)

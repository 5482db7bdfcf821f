"""The built pages: static files, and one page for every address of the application."""

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Marey</title></head>
<body><h1>The pages of Marey are not built</h1>
<p>This is a development checkout whose pages were left out. Build them with
<code>npm ci &amp;&amp; npm run build</code> in the folder <code>web</code>, or install Marey again without
<code>MAREY_SKIP_WEB</code>.</p></body></html>
"""


class Pages(StaticFiles):
    """The files of the application.

    Parameters
    ----------
    folder
        Where they were built; it may be missing, and is then said to be.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True, check_dir=False)
        self.folder = folder
        self.config_checked = True  # a missing folder is told by the page, not by an error

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file; names with a hash in them may be kept for ever, the page itself never."""
        if path in (".", "", "index.html"):
            return self._page()
        response = await self._file(path, scope)
        is_hashed = path.startswith("assets/")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_hashed else "no-cache"
        return response

    async def _file(self, path: str, scope: Scope) -> Response:
        if path.startswith("api/") or scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(404)
        return await super().get_response(path, scope)

    def _page(self) -> Response:
        page = self.folder / "index.html"
        text = page.read_text(encoding="utf-8") if page.is_file() else _NOT_BUILT
        return HTMLResponse(text, headers={"Cache-Control": "no-store"})

"""Who may talk to the server: the token, the Host the Origin, and what pages may load.

The shell of the application (its page, scripts and styles) holds no data and is given to whoever can reach
the server under an allowed name; everything under ``/api`` needs the token, as a bearer or as the cookie that
the page gets in exchange for the token in its address.
"""

import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from marey.server.errors import refusal
from marey.server.settings import LOOPBACK_HOSTS, ServerSettings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
COOKIE_SECONDS = 30 * 24 * 3600

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' blob: data:",
    "font-src": "'self'",
    "media-src": "'self' blob:",
    "connect-src": "'self'",
    "worker-src": "'self' blob:",
    "frame-src": "'self'",
    "base-uri": "'self'",
    "form-action": "'none'",
}
REPORT_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""For documents that are shown in a frame: they may look as they like and do nothing."""


class Guard:
    """ASGI middleware that lets only the right requests through.

    Parameters
    ----------
    app
        What is guarded.
    settings
        The token and the allowed names.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self.app = app
        self.settings = settings
        self.allowed_hosts = {*LOOPBACK_HOSTS, *(host.lower() for host in settings.allowed_hosts)}
        self.headers = {
            "Content-Security-Policy": _write_policy(settings.allowed_hosts),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request, and pass it on or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] == "websocket":  # there are none here
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        headers = Headers(scope=scope)
        refused = self._refuse(scope, headers)
        send = self._with_headers(send, self._new_cookie(scope))
        if refused is not None:
            status, message, hint = refused
            await refusal(status, "ForbiddenError", message, hint)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _refuse(self, scope: Scope, headers: Headers) -> tuple[int, str, str] | None:
        host = headers.get("host", "")
        if _name_of(host) not in self.allowed_hosts:
            return 403, f"this server is not {host!r}", f"start it with --allowed-host {_name_of(host)}"
        if scope["method"] not in SAFE_METHODS and not self._is_own_origin(headers, host):
            return 403, f"{headers.get('origin')} may not change anything here", "use Marey's own page"
        if scope["path"].startswith("/api") and not self._has_token(headers):
            return 401, "this page is not logged in", "open the address that marey printed, with its token"
        return None

    def _is_own_origin(self, headers: Headers, host: str) -> bool:
        """Say whether a change is asked for by our page, or by no page at all (a script with the token)."""
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        origin = headers.get("origin")
        if origin is None:
            return True
        parts = urlsplit(origin)
        # Behind a proxy the Host is the proxy's business: then its name must have been allowed explicitly.
        return parts.netloc.lower() == host.lower() or (parts.hostname or "") in {
            name.lower() for name in self.settings.allowed_hosts
        }

    def _has_token(self, headers: Headers) -> bool:
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._is_token(bearer.strip())
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self.settings.cookie)
        except CookieError:
            return False
        return cookie is not None and self._is_token(cookie.value)

    def _is_token(self, value: str) -> bool:
        return hmac.compare_digest(value.encode(), self.settings.token.encode())

    def _new_cookie(self, scope: Scope) -> str | None:
        """Return the cookie for a page that was opened with the token in its address."""
        if scope["method"] != "GET" or scope["path"].startswith("/api"):
            return None
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if not self._is_token(given):
            return None
        return (
            f"{self.settings.cookie}={self.settings.token}; Path=/; Max-Age={COOKIE_SECONDS}; "
            "HttpOnly; SameSite=Strict"
        )

    def _with_headers(self, send: Send, cookie: str | None) -> Send:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                if cookie is not None:
                    headers.append("Set-Cookie", cookie)
            await send(message)

        return send_with_headers


def _name_of(host: str) -> str:
    """Return the name in a Host header, without its port; an IPv6 address without its brackets."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _write_policy(allowed_hosts: tuple[str, ...]) -> str:
    # Notebooks show the application in a frame of their own page.
    ancestors = " ".join(["'self'", *(f"https://{host}" for host in allowed_hosts)])
    parts = {**_POLICY, "frame-ancestors": ancestors}
    return "; ".join(f"{name} {value}" for name, value in parts.items())

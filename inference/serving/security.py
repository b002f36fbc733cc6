"""Headers that keep a page with hostile text harmless, on every answer."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
#: Names by which a browser on this machine may call the server.
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
ANY_ADDRESS = ("0.0.0.0", "::")


def allowed_hosts(host: str, more: list[str]) -> list[str]:
    """The Host headers that are answered: another name could be a foreign site's, rebound to us."""
    own = [] if host in ANY_ADDRESS else [f"[{host}]" if ":" in host else host]
    return [*LOOPBACK, *own, *more]


class SecurityHeaders:
    """Adds HEADERS to every answer, those of errors and static files too.

    Nothing is kept by caches but what is the same for everybody.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault(
                    "Cache-Control", "no-store" if scope["method"] == "POST" else "no-cache"
                )
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)

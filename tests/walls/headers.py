"""What every answer carries in its headers, and never has on its page."""

import re

CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
EXACTLY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
# Another origin, inline style, inline script, an inline handler.
FOREIGN = re.compile(
    rb"""(?:src|href|action|hx-\w+)\s*=\s*["'](?:https?:)?//|<style|\sstyle\s*=|<script(?![^>]*\ssrc=)|\son[a-z]+\s*="""
)


def faults(answer, exactly=EXACTLY) -> list[str]:
    found = [f"{key}: {answer.headers.get(key)}" for key, value in exactly.items() if answer.headers.get(key) != value]
    given = answer.headers.get("Content-Security-Policy", "")
    policy = dict(part.strip().split(" ", 1) for part in given.split(";") if part.strip())
    if policy != CSP:
        found.append(f"Content-Security-Policy: {given}")
    if "no-store" not in answer.headers.get("Cache-Control", ""):
        found.append(f"Cache-Control: {answer.headers.get('Cache-Control')}")
    if "X-Request-ID" not in answer.headers:
        found.append("no X-Request-ID")
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        found += [f"on the page: {part!r}" for part in FOREIGN.findall(answer.content)]
    return found

"""The environment, read once and typed. Nothing else looks into os.environ."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

DATABASE_URLS: Final = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_MAINTENANCE_URL", "DATABASE_ADMIN_URL")


class EnvironmentFault(RuntimeError):
    """A variable is missing or unreadable; the sentence names it and what it should hold."""


@dataclass(frozen=True)
class Environment:
    """What the product takes from outside. Databases are URLs of their roles; an absent one is None."""

    debug: bool
    secret_key: str
    allowed_hosts: tuple[str, ...]
    database_url: str
    database_owner_url: str | None
    database_maintenance_url: str | None
    database_admin_url: str | None
    redis_url: str
    email_url: str
    file_keys: tuple[str, ...]
    backup_keys: tuple[str, ...]
    backups: str
    metrics_token: str
    metrics_address: str
    error_reports: str
    is_web: bool
    proxies: int
    require_mfa: bool
    breached_passwords: str
    address: str
    text_sender: str


def read_environment(variables: dict[str, str] | None = None) -> Environment:
    values = dict(os.environ) if variables is None else variables
    debug = values.get("BHI_DEBUG", "0") == "1"
    secret = values.get("BHI_SECRET_KEY", "")
    if not secret:
        raise EnvironmentFault("BHI_SECRET_KEY is not set. `./dev` and `manage.py` make one in .local for development.")
    database_url = values.get("DATABASE_URL", "")
    if not database_url:
        raise EnvironmentFault("DATABASE_URL is not set: the URL of the bhi_app role, postgresql://bhi_app@…/bhi")
    if not debug and values.get("BHI_PLAINTEXT", "") != "1":
        _refuse_plaintext(values)
    return Environment(
        debug=debug,
        secret_key=secret,
        allowed_hosts=tuple(values.get("BHI_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")),
        database_url=database_url,
        database_owner_url=values.get("DATABASE_OWNER_URL") or None,
        database_maintenance_url=values.get("DATABASE_MAINTENANCE_URL") or None,
        database_admin_url=values.get("DATABASE_ADMIN_URL") or None,
        redis_url=values.get("REDIS_URL", ""),
        email_url=values.get("EMAIL_URL", ""),
        file_keys=tuple(key for key in values.get("BHI_FILE_KEYS", "").split(",") if key),
        backup_keys=tuple(key for key in values.get("BHI_BACKUP_KEY", "").split(",") if key),
        backups=values.get("BHI_BACKUPS", ""),
        metrics_token=values.get("BHI_METRICS_TOKEN", ""),
        metrics_address=values.get("BHI_METRICS_ADDRESS", ""),
        error_reports=values.get("BHI_SENTRY_DSN", ""),
        is_web=values.get("BHI_PROCESS") == "web",
        proxies=_count("BHI_PROXIES", values.get("BHI_PROXIES", "0")),
        require_mfa=_requires_mfa(values.get("BHI_REQUIRE_MFA", ""), debug=debug),
        breached_passwords=values.get("BHI_BREACHED_PASSWORDS", ""),
        address=values.get("BHI_ADDRESS", "http://127.0.0.1:8000").rstrip("/"),
        text_sender=values.get("BHI_TEXT_SENDER", "console" if debug else ""),
    )


def _requires_mfa(text: str, *, debug: bool) -> bool:
    """Whether everybody needs a second factor: always but in development, which has to ask for it by "1"."""
    if text == "0" and not debug:
        raise EnvironmentFault(
            "BHI_REQUIRE_MFA=0 goes with BHI_DEBUG=1 only: elsewhere everybody needs a second factor."
        )
    return text == "1" or not debug


def _refuse_plaintext(values: dict[str, str]) -> None:
    """45 CFR 164.312(e): what leaves this machine is encrypted, and the other side is known by its certificate."""
    for name in DATABASE_URLS:
        if values.get(name) and not _is_private(values[name]):
            raise EnvironmentFault(
                f"{name} needs ?sslmode=verify-full (and sslrootcert=/path/ca.pem), or a socket: ?host=/folder. "
                "BHI_PLAINTEXT=1 says that the network between the parts is encrypted in another way."
            )
    redis_url = values.get("REDIS_URL", "")
    if redis_url and urlsplit(redis_url).scheme not in ("rediss", "unix"):
        raise EnvironmentFault(
            "REDIS_URL begins with rediss:// or unix://. "
            "BHI_PLAINTEXT=1 says that the network between the parts is encrypted in another way."
        )


def _is_private(url: str) -> bool:
    """Whether a database is reached by a socket, or by TLS that checks whom it reached."""
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query))
    host = given.get("host", unquote(parts.hostname or ""))
    return host == "" or host.startswith("/") or given.get("sslmode") in ("verify-full", "verify-ca")


def _count(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise EnvironmentFault(f"{name} is a whole number from 0 up, not {text!r}")
    return int(text)


def database(url: str) -> dict[str, Any]:
    """A Django database of a `postgresql://role:password@host:port/name?host=/socket&sslmode=…` URL."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise EnvironmentFault(f"A database URL begins with postgresql://, not {parts.scheme}://")
    options = {"connect_timeout": "5", **dict(parse_qsl(parts.query))}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", unquote(parts.hostname or "")),
        "PORT": options.pop("port", str(parts.port or "")),
        "OPTIONS": options,
        "CONN_HEALTH_CHECKS": True,
    }


def broker_url(redis_url: str) -> str:
    """Celery's name for the same server: a socket is `redis+socket://` there, and TLS has to say that it checks."""
    if redis_url.startswith("unix://"):
        return "redis+socket://" + redis_url.removeprefix("unix://")
    if redis_url.startswith("rediss://") and "ssl_cert_reqs" not in redis_url:
        return f"{redis_url}{'&' if '?' in redis_url else '?'}ssl_cert_reqs=required"
    return redis_url


def email_config(email_url: str, default_folder: str) -> dict[str, Any]:
    """Django's e-mail settings of an EMAIL_URL: smtp://user:password@host:port?tls=1, or file:///folder."""
    if not email_url:
        email_url = f"file://{default_folder}"
    parts = urlsplit(email_url)
    if parts.scheme == "file":
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": parts.path,
        }
    if parts.scheme != "smtp":
        raise EnvironmentFault("EMAIL_URL is smtp://user:password@host:port?tls=1 or file:///folder")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "",
        "EMAIL_PORT": parts.port or 587,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": dict(parse_qsl(parts.query)).get("tls", "1") == "1",
    }

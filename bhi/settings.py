"""Django's settings: one file. What differs between machines comes from bhi.environment."""

from pathlib import Path
from typing import Any

import pghistory
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from bhi.environment import EnvironmentFault, broker_url, database, email_config, read_environment
from bhi.tenancy.pool import forget_tenant
from bhi.watching.errors import start as report_errors

BASE_DIR = Path(__file__).resolve().parent.parent

try:
    ENVIRONMENT = read_environment()
except EnvironmentFault as fault:
    raise ImproperlyConfigured(str(fault)) from None

# Never on: Django's technical error pages print local variables, and those are patients. Development differs in
# plain HTTP and unbundled static files. The log says through which lines of code an exception came.
DEBUG = False
DEVELOPMENT = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts)
FILE_KEYS = ENVIRONMENT.file_keys
# Apart from the files' keys: whoever finds a backup and its key still cannot open what people uploaded.
BACKUP_KEYS = ENVIRONMENT.backup_keys
BACKUPS = ENVIRONMENT.backups

INSTALLED_APPS = [
    "bhi.tenancy",
    "bhi.accounts",
    "bhi.audit",
    "bhi.jobs",
    "bhi.files",
    "bhi.backups",
    "bhi.watching",
    "bhi.web",
    "registry",
    "caseload",
    "billing",
    "outcomes",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_htmx",
    "template_partials",
    "csp",
    "pgtrigger",
    "pghistory",
]

MIDDLEWARE = [
    "bhi.web.middleware.RequestIdMiddleware",
    "bhi.watching.middleware.MetricsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "bhi.accounts.reach_middleware.ReachMiddleware",
    "bhi.audit.place.PlaceMiddleware",
    "bhi.audit.denials.DenialMiddleware",
    "bhi.tenancy.middleware.TenancyMiddleware",
    "bhi.accounts.session_middleware.SessionWallMiddleware",
    "bhi.accounts.middleware.PermissionMiddleware",
    "bhi.web.middleware.MonthClosedMiddleware",
]

ROOT_URLCONF = "bhi.urls"
WSGI_APPLICATION = "bhi.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {"heroicons": "bhi.web.icons"},
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "bhi.web.frame.frame",
                "caseload.views.timers.frame_timer",
            ],
        },
    }
]

# Postgres. Three roles: the application's cannot bypass row-level security; the owner's migrates; the
# maintenance role finds jobs across organizations. The pool belongs to web processes only: Celery forks.
DATABASES: dict[str, dict[str, Any]] = {
    "default": {**database(ENVIRONMENT.database_url), "ATOMIC_REQUESTS": True},
}
if ENVIRONMENT.is_web:
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": 6,
        "timeout": 2,  # more connections than threads: who waits, waits for a Postgres that is away
        "reset": forget_tenant,
    }
elif ENVIRONMENT.database_owner_url:
    DATABASES["owner"] = database(ENVIRONMENT.database_owner_url)
if ENVIRONMENT.database_maintenance_url:
    DATABASES["maintenance"] = database(ENVIRONMENT.database_maintenance_url)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# History: what each changed row was before, walled like its table; never pghistory's own context table.
PGHISTORY_CONTEXT_FIELD = pghistory.ContextJSONField()
PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(db_index=False)
PGHISTORY_OBJ_FIELD = pghistory.ObjForeignKey(db_index=False, related_name="+")
PGHISTORY_APPEND_ONLY = True
PGTRIGGER_SCHEMA_EDITOR = True

# Sign-in
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "bhi.accounts.breached.CommonAtHeartValidator"},
    {"NAME": "bhi.accounts.breached.BreachedPasswordValidator"},
]
BREACHED_PASSWORDS = ENVIRONMENT.breached_passwords
ACCOUNT_ADAPTER = "bhi.accounts.adapter.ClosedAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "BHI: "
# A clinic signs in from one address at eight o'clock. `key` is e-mail and address (bhi.accounts.adapter).
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",
    "login_failed": "30/m/ip,300/h/ip,10/5m/key",
    "reset_password": "20/h/ip,5/h/key",
}
# Of how many proxies of our own X-Forwarded-For is believed; 0: of none, the connection's address counts.
ALLAUTH_TRUSTED_PROXY_COUNT = ENVIRONMENT.proxies
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
MFA_ALLOW_UNVERIFIED_EMAIL = True  # an admin gave the address; nobody chose their own
MFA_ADAPTER = "bhi.accounts.mfa_adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "login_webauthn": "bhi.accounts.forms.passkeys.LoginForm",
    "authenticate_webauthn": "bhi.accounts.forms.passkeys.AuthenticateForm",
    "reauthenticate_webauthn": "bhi.accounts.forms.passkeys.ReauthenticateForm",
    "add_webauthn": "bhi.accounts.forms.passkeys.AddForm",
}
# A clinic signs in from one address at eight o'clock; there is nothing to guess about a passkey.
MFA_RATE_LIMITS = {"webauthn_login": "120/m/ip"}
MFA_RECOVERY_CODES_SHOW_ONCE = True
# A passkey opens by itself, so it asks for a finger, a face or a PIN.
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEVELOPMENT
# Whoever has no second factor reaches only the pages that set one up.
REQUIRE_MFA = ENVIRONMENT.require_mfa
# Screens lock, sessions end, and files and settings ask who it is. Only tests of other things turn it off.
WATCHES_SESSIONS = True
# At once, of one person; the demonstration's people are many at a time.
MOST_SESSIONS = 50 if DEVELOPMENT else 5
# Mail about an account says what was done; it never waits long for a mail server.
ACCOUNT_EMAIL_NOTIFICATIONS = True
EMAIL_TIMEOUT = 10
# Organizations' own identity providers: bhi.accounts.openid. Nobody gets an account by one, no token is kept.
SOCIALACCOUNT_ADAPTER = "bhi.accounts.openid.SocialAdapter"
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_STORE_TOKENS = False
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = not DEVELOPMENT
# "__Host-": a browser takes it from this host alone, over TLS, for every path.
SESSION_COOKIE_NAME = "sessionid" if DEVELOPMENT else "__Host-sessionid"
CSRF_COOKIE_NAME = "csrftoken" if DEVELOPMENT else "__Host-csrftoken"
KNOWN_DEVICE_COOKIE = "known" if DEVELOPMENT else "__Host-known"
CSRF_COOKIE_SECURE = not DEVELOPMENT
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "bhi.web.views.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Headers
SECURE_CONTENT_TYPE_NOSNIFF = True
# Not "no-referrer": with it browsers send `Origin: null`, and every form would fail its CSRF check.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# For machines, which would follow a redirect and never learn that they asked in the clear (ASVS 5.0, 4.1.2).
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
if not DEVELOPMENT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
# Whether a whole domain goes on the browsers' preload list is for its owner to decide, not for one application on it.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Uploads: the workbook of a large program is below this; more is refused before it is read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "bhi.web.uploads.LimitedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
# A plan with far too many rows is answered with a sentence and everything typed, not with a bare 400.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

LANGUAGE_CODE = "en-us"
USE_I18N = True
# Only what patients read is translated (templates/patient).
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / ".local" / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEVELOPMENT
WHITENOISE_AUTOREFRESH = DEVELOPMENT

globals().update(email_config(ENVIRONMENT.email_url, str(BASE_DIR / ".local" / "mail")))
DEFAULT_FROM_EMAIL = "no-reply@localhost"
# Where people reach us, for links in messages: a job has no request that would know.
ADDRESS = ENVIRONMENT.address
# What sends text messages: "console", the dotted name of a provider's class, or nothing.
TEXT_SENDER = ENVIRONMENT.text_sender

# Celery is a doorbell: nothing is lost when it, or Redis, is.
REDIS_URL = ENVIRONMENT.redis_url
# Counters of tries and used codes, which web processes share; whatever else runs counts for itself.
CACHES = {
    "default": {"BACKEND": "bhi.web.shared_cache.SharedCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "bhi"}
    if ENVIRONMENT.is_web and REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
CELERY_BROKER_URL = broker_url(ENVIRONMENT.redis_url)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
# An import of a large program may take ten minutes. A message that comes twice finds the job's row claimed.
CELERY_TASK_TIME_LIMIT = 900
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 1200, "socket_connect_timeout": 0.3}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "bhi"

# Figures for monitoring: who carries the token may read them. A worker answers at an address of its own.
METRICS_TOKEN = ENVIRONMENT.metrics_token
METRICS_ADDRESS = ENVIRONMENT.metrics_address
report_errors(ENVIRONMENT.error_reports, release="bhi@0.1.0")

LOGGING_CONFIG = "bhi.web.logs.configure"
LOGGING = {"version": 1}  # an empty one would leave LOGGING_CONFIG uncalled

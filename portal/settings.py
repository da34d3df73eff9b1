"""Settings of the portal. What differs between installations comes from the environment (see .env.example)."""

import logging
import sys
from pathlib import Path

import pghistory
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from portal.embedded import server_urls
from portal.environment import MAKE_A_KEY, POSTGRESQL, REDIS, Environment
from portal.logs import logging_settings
from portal.secret import read_or_create_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
env.read_env(BASE_DIR / ".env")

DEBUG = env.flag("DEBUG", default=False)
DATA_DIR = Path(env("DATA_DIR", default=str(BASE_DIR / ".data"))).resolve()
# One-click sign-in as people of the demo company; honoured on loopback addresses only (portal.people.demo).
DEMO = env.flag("DEMO", default=False)

# Servers. Without an address the portal starts its own (portal.embedded).
_database_url = env.server("DATABASE_URL", POSTGRESQL, "postgresql://portal:password@db.example.com:5432/portal")
_redis_url = env.server("REDIS_URL", REDIS, "redis://:password@redis.example.com:6379/0")
EMBEDDED = not _database_url
# What is wrong is said before a server is started for it.
SECRET_KEY = env.secret_key("SECRET_KEY")
if not (_database_url and _redis_url):
    _own_database_url, _own_redis_url = server_urls(DATA_DIR)
    _database_url, _redis_url = (
        _database_url or _own_database_url,
        _redis_url or _own_redis_url,
    )
REDIS_URL = _redis_url

DATABASES = {"default": env.db_url_config(_database_url)}
DATABASES["default"] |= {
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
    "ENGINE": "django.db.backends.postgresql",
}
# The directory of a socket stands in the address as ?host=…, which becomes an option of the driver. "manage.py dbshell"
# hands psql only what stands here.
for _name in ("host", "port"):
    if _value := DATABASES["default"].get("OPTIONS", {}).pop(_name, None):
        DATABASES["default"][_name.upper()] = _value
# A list joins up to nine tables by key, for each request anew. Trying every order of them takes PostgreSQL ten times as
# long as the query itself; four at a time leaves the conditions their choice and costs a millisecond.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c join_collapse_limit=4")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "groundwork",
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    }
}

# https://docs.djangoproject.com/en/5.2/ref/settings/#secret-key
if not SECRET_KEY:
    if not EMBEDDED:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. With a DATABASE_URL of your own the portal runs in production: put 50 or more "
            f"random characters into SECRET_KEY, for example from: {MAKE_A_KEY}"
        )
    SECRET_KEY = read_or_create_secret_key(DATA_DIR)

# https://docs.djangoproject.com/en/5.2/topics/security/
HTTPS = env.flag("HTTPS", default=not EMBEDDED)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = env.number("HSTS_SECONDS", default=31_536_000 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
BEHIND_PROXY = env.flag("BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
# Whose attempts to sign in are counted: by the address it comes from, every request is the proxy's.
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("PROXY_COUNT", default=1, most=99) if BEHIND_PROXY else 0
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
# https://django-csp.readthedocs.io/en/latest/configuration.html
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

INSTALLED_APPS = [
    "portal.people",
    "portal.references",
    "portal.search",
    "portal.history",
    "portal.delivery",
    "portal.proposals",
    "portal",
    "services",
    "services.health",
    "services.oncall",
    "incidents",
    "roadmap",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "django_htmx",
    "template_partials",
    "django_structlog",
    "pgtrigger",
    "pghistory",
    "rest_framework",
    "drf_spectacular",
    "rules",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "portal.refusals.probes_are_nobody",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Pads what it compresses, so that its length does not tell of secrets in it (BREACH).
    "django.middleware.gzip.GZipMiddleware",
    "portal.middleware.servers_gone",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "portal.refusals.page_of_405",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.people.entering.SignInRequired",
    "portal.refusals.forms_only",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.history.middleware.HistoryMiddleware",
    "portal.middleware.reader_time_zone",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
ASGI_APPLICATION = "portal.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.frame.frame",
            ],
            "builtins": ["portal.templatetags.portal"],
        },
    }
]

# People and sign-in: https://docs.allauth.org/en/latest/account/configuration.html
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "portal.people.backends.PersonBackend",
    "rules.permissions.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "portal.people.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
MESSAGE_STORAGE = "django.contrib.messages.storage.fallback.FallbackStorage"
vars().update(env.mail("EMAIL_URL"))
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Groundwork <groundwork@localhost>")

# What a day of one person's work is worth, in the currency that sums of money are shown in.
DAY_RATE = env.number("DAY_RATE", default=800, most=1_000_000)
CURRENCY = env("CURRENCY", default="EUR").strip()[:10] or "EUR"

# Delivery (portal.delivery). Messages lead back to PORTAL_URL.
_first_host = next(iter(ALLOWED_HOSTS), "localhost").lstrip(".")
PORTAL_URL = env(
    "PORTAL_URL", default=f"https://{_first_host}/" if HTTPS else f"http://127.0.0.1:{env('PORT', default='8000')}/"
)
# How long a mail server or a chat may take to answer.
DELIVERY_TIMEOUT_S = env.number("DELIVERY_TIMEOUT_S", default=10, least=1, most=600)
# What was sent, and what was read, is deleted after so many days.
DELIVERY_KEEP_DAYS = env.number("DELIVERY_KEEP_DAYS", default=90, least=1, most=36_500)
# Hosts of chat webhooks that may be called without https and at whatever address they have.
CHAT_WEBHOOK_ALLOW = [host.lower() for host in env.list("CHAT_WEBHOOK_ALLOW", default=[])]

LANGUAGE_CODE = "en-gb"
USE_I18N = True
TIME_ZONE = env.zone("TIME_ZONE")
USE_TZ = True

# Our own bundle carries content hashes, so WhiteNoise serves it straight from where it was built.
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 3600
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+/dist/.+-[0-9A-Za-z]{8}\..+$"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "files"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
} | env.records("STORAGES")

FILE_UPLOAD_HANDLERS = [
    "portal.receiving.RefuseHuge",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# Networks, host names and ports that checks may ask although they are closed by default, or may not
# (services.health.guard).
PROBE_ALLOW = env.list("PROBE_ALLOW", default=[])
PROBE_DENY = env.list("PROBE_DENY", default=[])
# Where the server answers that the checks of the demo company ask; the port beside it is one where nobody listens.
DEMO_TARGET_PORT = env.number("DEMO_TARGET_PORT", default=8090, most=65_534)
DEMO_TARGET = f"127.0.0.1:{DEMO_TARGET_PORT}"
if DEMO:
    PROBE_ALLOW += [DEMO_TARGET, f"127.0.0.1:{DEMO_TARGET_PORT + 1}"]

# https://docs.celeryq.dev/en/stable/userguide/configuration.html
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_TIME_LIMIT = 600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
# Whoever asks for a worker while Redis does not answer gives up soon, instead of after six seconds or never: what is
# asked for is in the database, too, and a tick does it. Workers and beat wait for Redis as long as it takes.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": "groundwork:", "socket_connect_timeout": 2, "max_retries": 1, "interval_start": 0,
    "interval_max": 0,
}  # fmt: skip

# https://www.django-rest-framework.org/api-guide/settings/
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.people.tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["portal.rest.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.rest.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["portal.rest.ReaderThrottle"],
    "DEFAULT_THROTTLE_RATES": {"reader": env.rate("API_RATE", default="60000/min")},
    # “format” means something in the address of a page; the API speaks JSON only.
    "URL_FORMAT_OVERRIDE": None,
    "EXCEPTION_HANDLER": "portal.api_errors.explain_error",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
# https://drf-spectacular.readthedocs.io/en/latest/settings.html
SPECTACULAR_SETTINGS = {
    "TITLE": "Groundwork API",
    "VERSION": "1",
    "DESCRIPTION": "Read and write the portal. Every list takes the query string of its page (docs/query-grammar.md).",
    # 3.1 can say that a value may be null.
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "COMPONENT_SPLIT_REQUEST": True,
    # What several bodies have in common has one name of its own.
    "ENUM_NAME_OVERRIDES": {
        "IncidentKind": "incidents.models.IncidentKind",
        "InitiativeCategory": "roadmap.models.Category",
        "DependencyKind": "roadmap.models.DependencyKind",
        "WayOfMetric": "roadmap.models.Way",
    },
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
}

# https://django-pghistory.readthedocs.io/en/latest/settings/
PGHISTORY_CONTEXT_FIELD = pghistory.ContextJSONField()
# Reading changes nothing.
PGHISTORY_MIDDLEWARE_METHODS = ("POST", "PUT", "PATCH", "DELETE")
PGHISTORY_CONTEXT_ID_FIELD = pghistory.ContextUUIDField(null=True)

LOGGING = logging_settings(
    readable=env.flag("READABLE_LOGS", default=DEBUG or sys.stderr.isatty()), level=env.level("LOG_LEVEL")
)
DJANGO_STRUCTLOG_USER_ID_FIELD = "pk"
# One line a request is enough: the one at its end, which says how it went.
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
SILENCED_SYSTEM_CHECKS: list[str] = []

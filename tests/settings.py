"""Settings of the tests: the portal's own, with what would only slow them down left out."""

import structlog

from portal.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
SECURE_HSTS_SECONDS = 0
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
DEMO = False
CACHES["default"]["BACKEND"] = "tests.cache.OwnKeysRedisCache"  # noqa: F405
# pytest shows the log of a failed test; what a passing one logs says nothing.
LOGGING["root"]["level"] = "CRITICAL"  # noqa: F405
# A logger that has spoken once would keep its processors, and a test that captures what is logged would hear nothing.
structlog.configure(cache_logger_on_first_use=False)

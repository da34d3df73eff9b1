"""The cache of the tests: many workers share one Redis, so each clears its own keys only."""

from django.core.cache.backends.redis import RedisCache


class OwnKeysRedisCache(RedisCache):
    """Django's own, whose ``clear()`` would empty the whole server under the other workers' feet."""

    def clear(self) -> bool:
        client = self._cache.get_client(None, write=True)
        keys = list(client.scan_iter(match=f"{self.key_prefix}:*", count=10_000))
        return bool(keys and client.delete(*keys))

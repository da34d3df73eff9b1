"""PostgreSQL and Redis of the portal's own, for a machine that has neither. Knows nothing of Django.

DATA_DIR/postgres, DATA_DIR/redis   the data
DATA_DIR/embedded                   locks, logs, the addresses
"""

from portal.embedded.errors import EmbeddedError
from portal.embedded.users import leave_servers, revive_keeper, server_urls

__all__ = ["EmbeddedError", "leave_servers", "revive_keeper", "server_urls"]

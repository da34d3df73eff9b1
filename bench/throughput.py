"""Pages a second with two server processes and eight clients, at 100,000 entities.

Floor: the bare views of the list page and the API page, served by the same processes.
"""

import statistics
from collections.abc import Iterator

from bench import site
from bench.figures import Figure, at_least
from bench.places import LARGE
from bench.server import free_port, portal_command, requests_per_second, running

ROUNDS = 3
SECONDS = 3.0


def measure() -> Iterator[Figure]:
    port = free_port()
    subjects = {
        "/services/": site.sign_in(),
        "/-floor/list/": {},
        "/api/v1/services/": site.token(),
        "/-floor/api/": {},
    }
    rates: dict[str, list[float]] = {address: [] for address in subjects}
    with running(portal_command(port), port, LARGE):
        for address, headers in subjects.items():
            requests_per_second(port, address, headers, 1)
        for _ in range(ROUNDS):
            for address, headers in subjects.items():
                rates[address].append(requests_per_second(port, address, headers, SECONDS)[0])
    median = {address: statistics.median(found) for address, found in rates.items()}
    yield at_least("list page, 2 processes, 8 clients", median["/services/"], 100, "/s", median["/-floor/list/"])
    yield at_least(
        "REST page of 50, 2 processes, 8 clients", median["/api/v1/services/"], 200, "/s", median["/-floor/api/"]
    )

"""What is measured at Larkspur, and what runs out: tables of metrics and limits, and how their values go."""

from dataclasses import dataclass, field

from services.health.models import MetricKind

HOUR, DAY = 3600, 86_400
# Days before loading at which values are where their course starts.
STARTED = 90


@dataclass(frozen=True)
class Course:
    """How a value goes. ``start`` is where it was ninety days before the demo was loaded, ``a_day`` what it gains each
    day; ``week`` the share by which weekends differ, ``noise`` the share of chance. ``step`` is gained at once, so many
    days before loading. A ``ratio`` course gives the share of good, and ``total`` how many there are each time."""

    start: float
    a_day: float = 0.0
    week: float = 0.0
    noise: float = 0.02
    step: tuple[int, float] = (0, 0.0)
    total: float = 0.0
    lowest: float = 0.0
    highest: float = float("inf")
    begins: int = STARTED


@dataclass(frozen=True)
class Measured:
    """A metric of an entity or a team (``subject`` in canonical form), with a value every ``every_s`` seconds."""

    subject: str
    name: str
    title: str
    unit: str
    course: Course
    kind: str = MetricKind.GAUGE
    every_s: int = 6 * HOUR
    higher_is_better: bool | None = None
    baseline: float | None = None
    baseline_note: str = ""
    tolerance: float = 10


@dataclass(frozen=True)
class Watched:
    """A limit: what it is called, of which metric, its ceiling, lead times and margin in days, and what to do."""

    name: str
    subject: str
    metric: str
    ceiling: float
    lead: tuple[int, int, int]
    description: str
    cost: str | None = None
    driver: tuple[str, str] | None = None


def _resource(name: str) -> str:
    return f"resource:default/{name}"


def _service(name: str) -> str:
    return f"component:default/{name}"


ORDERS = (_service("orders-api"), "orders")
CAPACITY = (
    Measured(*ORDERS, "Orders", "orders", Course(9200, 31, week=0.35, noise=0.05), kind=MetricKind.FLOW),
    Measured(
        _resource("orders-db"), "connections", "Connections", "connections", Course(182, 1.55, week=0.05, noise=0.03)
    ),
    Measured(_resource("ledger-db"), "disk-used", "Disk used", "GiB", Course(612, 3.1, noise=0.002)),
    Measured(_resource("warehouse"), "storage", "Storage", "TiB", Course(31, 0.083, noise=0.003)),
    Measured(_resource("event-bus"), "messages-a-second", "Messages a second", "/s", Course(7400, 29, 0.2, 0.04)),
    Measured(_resource("events-index"), "index-size", "Size of the index", "GiB", Course(118, 0.11, noise=0.004)),
    Measured(_resource("metrics-store"), "series", "Active series", "series", Course(1_840_000, 0, noise=0.012)),
    Measured(_resource("feature-store"), "rows", "Rows", "million rows", Course(412, 2.4, noise=0.004, begins=12)),
    Measured(_resource("outbound-messages"), "depth", "Depth of the queue", "messages", Course(39_000, 150, 0.1, 0.05)),
    Measured(
        _resource("identity-db"), "sessions", "Open sessions", "sessions", Course(41_000, 120, 0.1, 0.03, (33, 9000))
    ),
    Measured(_resource("media-bucket"), "objects", "Objects", "million objects", Course(88, 0.21, noise=0.002)),
    Measured(_resource("session-cache"), "memory", "Memory", "GiB", Course(19.5, 0.012, 0.08, 0.03)),
    Measured(_resource("eu-central-cluster"), "cores", "Cores in use", "cores", Course(1480, 4.9, 0.08, 0.02)),
    Measured(_resource("mail-provider"), "mails-a-day", "Mails a day", "mails", Course(182_000, 560, 0.2, 0.05)),
)  # fmt: skip
LIMITS = (
    Watched(
        "Connections of orders-db", _resource("orders-db"), "connections", 500, (60, 120, 14),
        "Put a pooler in front, then split reads off.", "900.00", ORDERS,
    ),
    Watched(
        "Disk of ledger-db", _resource("ledger-db"), "disk-used", 1000, (60, 120, 14),
        "Move closed years to the archive before the disk is full; a larger disk needs a night of downtime.", "340.00",
        ORDERS,
    ),
    Watched(
        "Storage of the warehouse", _resource("warehouse"), "storage", 48, (45, 90, 14),
        "Order more storage; delivery takes two months.", "2100.00",
    ),
    Watched(
        "Messages through the event bus", _resource("event-bus"), "messages-a-second", 16_500, (60, 120, 14),
        "Double the partitions of order-events; consumers must be able to rebalance first.", None, ORDERS,
    ),
    Watched(
        "Size of the events index", _resource("events-index"), "index-size", 400, (30, 60, 14),
        "Shard by country.",
    ),
    Watched(
        "Series of the metrics store", _resource("metrics-store"), "series", 2_500_000, (30, 60, 14),
        "Drop labels that nobody asks for.",
    ),
    Watched(
        "Rows of the feature store", _resource("feature-store"), "rows", 900, (60, 120, 14),
        "Partition by month.",
    ),
    Watched(
        "Queue of outbound messages", _resource("outbound-messages"), "depth", 50_000, (20, 45, 7),
        "Add consumers, and let reminders wait until the night.",
    ),
    Watched(
        "Sessions in identity-db", _resource("identity-db"), "sessions", 80_000, (45, 90, 14),
        "Keep sessions in the cache only.", None, ORDERS,
    ),
    Watched("Objects in the media bucket", _resource("media-bucket"), "objects", 150, (40, 80, 14), "Second bucket."),
    Watched("Memory of the session cache", _resource("session-cache"), "memory", 32, (14, 30, 7), "Larger machines."),
    Watched(
        "Cores of eu-central", _resource("eu-central-cluster"), "cores", 2400, (50, 100, 14), "Book more machines.",
        "5200.00", ORDERS,
    ),
    Watched(
        "Mails a day at the provider", _resource("mail-provider"), "mails-a-day", 300_000, (20, 40, 14),
        "Sign the next larger plan.",
    ),
)  # fmt: skip

RATIOS = (
    Measured(
        _service("payments-gateway"), "payment-success", "Payments that go through", "",
        Course(0.979, noise=0.004, total=410), kind=MetricKind.RATIO, every_s=HOUR, higher_is_better=True,
        baseline=0.98, baseline_note="Before the new card adapter",
    ),
    Measured(
        _service("search-api"), "search-answered", "Searches that find something", "",
        Course(0.941, noise=0.006, total=5200), kind=MetricKind.RATIO, every_s=HOUR, higher_is_better=True,
    ),
    Measured(
        _service("mail-sender"), "mail-delivered", "Mails that arrive", "", Course(0.9965, noise=0.0012, total=7600),
        kind=MetricKind.RATIO, every_s=HOUR, higher_is_better=True,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class OfTeams:
    """A metric that every team of a kind has, or every service; sizes differ between ``least`` and ``most``."""

    name: str
    title: str
    unit: str
    least: float
    most: float
    growth: float
    course: Course = field(default_factory=lambda: Course(0))
    higher_is_better: bool = True
    kind: str = MetricKind.GAUGE
    every_s: int = DAY

    @property
    def has_baseline(self) -> bool:
        """Only what is the same at weekends can be compared with one number."""
        return self.course.week < 0.1 and self.kind != MetricKind.FLOW


PRODUCT_METRICS = (
    OfTeams("engagement", "Engagement", "users", 2400, 64_000, 0.0012, Course(0, week=0.25, noise=0.03)),
    OfTeams("conversion", "Conversion", "%", 1.9, 6.4, 0.0003, Course(0, week=0.05, noise=0.02)),
    OfTeams("revenue", "Revenue", "EUR", 9000, 210_000, 0.001, Course(0, week=0.3, noise=0.06), kind=MetricKind.FLOW),
    OfTeams("nps", "Net promoter score", "points", 18, 52, 0.0004, Course(0, noise=0.01), every_s=7 * DAY),
)
# What a service costs a day.
COST = OfTeams(
    "cost", "Cost", "EUR", 4, 190, 0.0009, Course(0, noise=0.02), higher_is_better=False, kind=MetricKind.FLOW
)
PLATFORM_METRICS = (
    OfTeams("build-time", "Build time", "min", 4, 11, 0.0005, Course(0, noise=0.03), higher_is_better=False),
    OfTeams(
        "developer-satisfaction", "Developer satisfaction", "of 5", 3.2, 4.5, 0.0002, Course(0, noise=0.008, highest=5),
        every_s=7 * DAY,
    ),
)  # fmt: skip
BASELINE_NOTE = "Quarter before, median"
# What became worse, how many days before loading, and by which share.
REGRESSED = {("developer-experience", "build-time"): (19, 0.34), ("resale", "conversion"): (9, -0.21)}

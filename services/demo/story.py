"""What happened at Larkspur before the demo begins: who joined, moved, left, and what people changed in the portal.

Days count backwards from the day the demo is loaded, so that the company is always as old as it looks.
"""

from dataclasses import dataclass, field
from typing import Any

# The catalog was read for the first time that long ago.
BEGINNING = 412

# Logins and their roles beyond reading; everybody who changed something below has one.
ROLES = {"tomasz-wrona": "product_manager", "sofia-marchetti": "administrator"}
ADMINISTRATOR = "sofia-marchetti"


@dataclass(frozen=True)
class Edit:
    """``who`` changed values of a catalog entity this many days ago. References are written in canonical form."""

    days: int
    who: str
    reference: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Spell:
    """Somebody, or something, belonged to a team from one day until another."""

    reference: str
    team: str
    since: int
    until: int


EDITS = (
    Edit(396, "tomasz-wrona", "component:default/queue-room", {"region": "eu-central"}),
    Edit(371, "clara-jespersen", "component:default/gift-cards", {"tier": 3}),
    Edit(350, "jonas-adeyemi", "component:default/checkout-api", {"description": "Turns a basket into a paid order."}),
    Edit(322, "niamh-gallagher", "component:default/seat-map", {"residency": "EU"}),
    Edit(289, "karin-oberholzer", "component:default/orders-api", {"failover": "planned"}),
    Edit(263, "sofia-marchetti", "component:default/fraud-screen", {"failover": "none"}),
    Edit(214, "mei-lindqvist", "component:default/ticket-wallet", {"failover": "planned"}),
    Edit(163, "amara-diallo", "component:default/orders-api", {"failover": "exercised 2026-06-11"}),
    Edit(155, "niamh-gallagher", "component:default/seat-map", {"residency": "EU, UK"}),
    Edit(121, "eleni-papadaki", "component:default/partner-api", {"privacy_class": "internal"}),
    Edit(44, "amara-diallo", "component:default/queue-room", {"region": "eu-central, eu-west"}),
    Edit(31, "clara-jespersen", "component:default/gift-cards", {"tier": 2}),
    Edit(29, "sofia-marchetti", "component:default/fraud-screen", {"failover": "planned"}),
    Edit(
        18,
        "mei-lindqvist",
        "component:default/checkout-api",
        {
            "description": "Takes an order from basket to paid: prices, holds, payment, confirmation.",
            "privacy_class": "personal",
        },
    ),
    Edit(12, "eleni-papadaki", "component:default/partner-api", {"privacy_class": "personal"}),
    Edit(11, "sofia-marchetti", "component:default/fan-polls", {"tier": 4, "privacy_class": "personal"}),
    Edit(5, "jonas-adeyemi", "component:default/ticket-wallet", {"failover": "exercised 2026-11-12"}),
    Edit(1, "tomasz-wrona", "component:default/seat-hold-worker", {"encryption": "in transit, at rest"}),
)

# Made in the portal rather than in a file, and so editable in every field. Nobody owns the last two: a file would be
# turned away without an owner, a page lets it be said later.
MADE_BY_HAND = (
    Edit(
        76,
        "amara-diallo",
        "component:default/queue-music",
        {
            "name": "queue-music",
            "description": "Plays the support act in the waiting room; a hack-day idea that fans asked to keep.",
            "type": "service",
            "lifecycle": "experimental",
            "tier": 4,
            "privacy_class": "public",
            "residency": "EU",
            "owner": "group:default/core-platform",
            "system": "system:default/buying",
            "tags": ["elixir", "hack-day"],
            "links": [
                {"url": "https://handbook.larkspur.example/core-platform/queue-music", "title": "Idea", "type": "docs"}
            ],
        },
    ),
    Edit(
        68,
        "sofia-marchetti",
        "component:default/rain-radar",
        {
            "name": "rain-radar",
            "description": "Warns open-air venues an hour before rain; found running in a contractor's account.",
            "type": "service",
            "lifecycle": "production",
            "tags": ["python"],
        },
    ),
    Edit(
        26,
        "sofia-marchetti",
        "component:default/press-passes",
        {
            "name": "press-passes",
            "description": "Prints passes for journalists; whoever set it up before the festival season is not known.",
            "type": "website",
            "lifecycle": "production",
            "tier": 4,
            "system": "system:default/buying",
            "tags": ["php"],
        },
    ),
)

# Who left, and how many days ago. What they own waits for somebody to take it.
LEAVERS = {"henrik-dahl": 40, "lotte-vermeer": 9}

FORMER_MEMBERS = (
    Spell("user:default/amara-diallo", "group:default/edge", 2240, 1130),
    Spell("user:default/mei-lindqvist", "group:default/storefront", 1605, 742),
    Spell("user:default/tomasz-wrona", "group:default/payments", 2890, 1904),
    Spell("user:default/karin-oberholzer", "group:default/identity", 2531, 1467),
    Spell("user:default/rania-khoury", "group:default/core-platform", 1370, 428),
    Spell("user:default/hamza-qureshi", "group:default/finance-systems", 1988, 1211),
    Spell("user:default/ines-carvalho", "group:default/checkout", 1702, 655),
    Spell("user:default/viktor-hallgren", "group:default/core-platform", 2075, 428),
    Spell("user:default/priyanka-nair", "group:default/mobile", 1219, 530),
    Spell("user:default/oskar-blom", "group:default/discovery", 2410, 1322),
)
FORMER_OWNERS = (
    Spell("component:default/fraud-screen", "group:default/trust-and-safety", 1450, 2),
    Spell("component:default/ticket-wallet", "group:default/mobile", 1730, 510),
    Spell("component:default/media-resizer", "group:default/storefront", 2105, 890),
    Spell("component:default/seat-hold-worker", "group:default/venue-tools", 1366, 301),
    Spell("component:default/refunds", "group:default/support-tools", 1611, 377),
)
# Who answers the phone for what may not stop.
ON_CALL = {
    "component:default/checkout-api": "user:default/jonas-adeyemi",
    "component:default/payments-gateway": "user:default/hamza-qureshi",
    "component:default/ledger": "user:default/sofia-marchetti",
    "component:default/orders-api": "user:default/amara-diallo",
    "component:default/queue-room": "user:default/amara-diallo",
    "component:default/identity-login": "user:default/omar-benali",
}
MACHINES = {
    "deploy-pipeline": ("group:default/developer-experience", "Tells the portal what was rolled out where."),
    "nightly-export": ("group:default/data-platform", "Copies the catalog into the warehouse at three in the morning."),
}

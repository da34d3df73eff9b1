"""Who is what in the story of health at Larkspur: which services are troubled in which way, and which jobs ping."""

# Answers are too slow nearly always; nobody has found the time.
ALWAYS_SLOW = ("metrics-explorer", "channel-mart", "reseller-reports")
# Down for as long as anybody remembers: deprecated, or left behind by a team that is gone.
BROKEN = ("partner-feed-v1", "legacy-reports-db")
# Down for some minutes, and up again, all day long.
FLAPPING = ("surge-trial", "load-replayer")
# A few failures every day, too many for their error budget and too few to be seen.
LEAKING = ("resale-payouts", "promo-codes")
# One long outage every so often; the budget has not forgotten it.
HARD_DAYS = ("seller-verification", "venue-registry")
# Something nags at one of these at any moment, each in its turn: one answer in eight fails for some hours.
NAGGED = (
    "recommendations-api", "message-preferences", "invoice-maker", "help-centre", "event-builder", "build-cache",
    "artist-profiles", "sms-sender", "onsale-planner", "audit-trail", "store-content", "allotment-sync",
    "push-registry", "translation-hub", "homepage-mixer", "case-router", "sales-reports", "trace-collector",
    "hold-allocations", "consent-ledger", "resale-web", "webhook-dispatcher", "app-config", "synthetic-buyer",
    "bank-reconciler", "build-farm", "listing-feed", "landing-pages", "resale-price-guard", "event-collector",
)  # fmt: skip
# Moved to new machines for some months, and asked all the same.
BEING_MOVED = ("us-east-cluster", "flag-file-sync")

# Types of resources that listen on a port, and the name of the check that connects to it.
PORTS = {
    "database": "Port 5432",
    "cache": "Port 6379",
    "search-index": "Port 9200",
    "message-broker": "Port 9092",
    "time-series-database": "Port 9090",
    "cluster": "Port 6443",
    "data-warehouse": "Port 5439",
}
# Nobody asks these: too young, or nobody's.
UNWATCHED = (
    "rain-radar", "press-passes", "queue-music", "gift-cards", "fan-polls", "festival-microsites", "whatsapp-trial",
    "crowd-counter", "shard-mover", "onsale-predictor", "taste-profiles", "fan-club-pages", "pattern-library",
    "service-starter", "device-fingerprint", "event-reminders",
)  # fmt: skip

HOUR, DAY = 3600, 86_400
# Jobs that ping: service, name of the check, seconds between two pings, grace.
JOBS = (
    ("settlement-runner", "Nightly settlement", DAY, 2 * HOUR),
    ("bank-reconciler", "Bank statements", HOUR, 900),
    ("warehouse-loader", "Hourly load", HOUR, 1200),
    ("pipeline-runner", "Scheduler tick", 900, 300),
    ("search-indexer", "Index pass", 600, 300),
    ("order-archive", "Nightly archive", DAY, 4 * HOUR),
    ("erasure-runner", "Erasure requests", 6 * HOUR, HOUR),
    ("allotment-sync", "Allotments", 1800, 600),
    ("listing-enricher", "Enrichment", 3600, 900),
    ("gate-sync", "Ticket lists", 600, 300),
    ("kiosk-sync", "Kiosk prices", 1800, 900),
    ("cert-issuer", "Renewal of certificates", 12 * HOUR, 2 * HOUR),
)
# Jobs that stopped so many days before the demo was loaded, and nobody noticed.
STOPPED_JOBS = {
    ("venue-directory", "Import of venues"): (6 * HOUR, HOUR, 3),
    ("reseller-reports", "Weekly report"): (DAY, 6 * HOUR, 11),
}
# Jobs that have never pinged: the address was handed out, and waits. Nothing else is asked of their service.
WAITING_JOBS = (("tax-filing", "Quarterly filing", 7 * DAY, DAY),)

# Weekly windows: weekday, time, zone, minutes, reason.
WEEKLY_WINDOWS = {
    "orders-db": ("sunday", "02:30", "Europe/Berlin", 60, "Vacuum and index maintenance"),
    "warehouse": ("saturday", "21:00", "UTC", 180, "Weekly compaction"),
    "ledger-db": ("sunday", "03:30", "Europe/Berlin", 45, "Failover exercise"),
    "finance-portal": ("wednesday", "18:00", "Europe/London", 90, "Release of the week"),
}
# One-off windows that are over: days ago, hour (UTC), minutes, reason.
PAST_WINDOWS = {
    "identity-db": (38, 2, 150, "Upgrade to the next major version"),
    "edge-router": (17, 4, 60, "New certificates"),
    "events-index": (6, 5, 120, "Reindexing with the new analyser"),
}

# Services whose answers are promised to be fast: SLO at this share of the time from which the check calls them slow.
FAST_ENOUGH = {
    "checkout-api": 0.6, "search-api": 0.5, "payments-gateway": 0.6, "seat-map": 0.6, "store-bff": 0.45,
    "channel-mart": 0.9, "pricing-engine": 0.5, "gate-scan-api": 0.4,
}  # fmt: skip
# SLOs of what is counted: metric, the service with one of its checks, words, target in percent.
RATIO_SLOS = {
    "payment-success": ("payments-gateway", "Health", "Payments go through", "97"),
    "search-answered": ("search-api", "Health", "Searches find something", "92"),
    "mail-delivered": ("mail-sender", "Health", "Mails arrive", "99.5"),
}
# Jobs that are promised to run on time; one of them has stopped, another has never begun.
PROMISED_JOBS = {
    ("settlement-runner", "Nightly settlement"): "99",
    ("venue-directory", "Import of venues"): "95",
    ("tax-filing", "Quarterly filing"): "95",
}

"""How long the past of the demo company is."""

DAYS = 90

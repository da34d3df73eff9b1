"""Where the strategy stands in the navigation."""

from portal.places import Place, register_place

register_place(Place("Strategy", "strategy", "compass", "Roadmap"))

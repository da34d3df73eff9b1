"""Acts on an incident by machines: what chat bots, pipelines and scripts do, by the functions that the pages call."""

"""Who may change what holds whatever is planned. Loaded when the apps are ready."""

import rules

from roadmap.access import owns, plans

# What is not negotiable is said by who plans; its team keeps the words and the metric true.
rules.add_perm("roadmap.add_bound", plans)
rules.add_perm("roadmap.change_bound", plans | owns)
rules.add_perm("roadmap.delete_bound", plans)
for _act in ("add", "change", "delete"):
    rules.add_perm(f"roadmap.{_act}_freeze", plans)

"""Who may do what with the strategy: everybody reads it, product managers and administrators write and publish it.
Loaded when the apps are ready."""

import rules

from roadmap.access import plans

rules.add_perm("roadmap.change_strategysection", plans)
rules.add_perm("roadmap.publish_strategy", plans)

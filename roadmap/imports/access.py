"""Who may import: who plans. An import writes for every team at once."""

import rules

from roadmap.access import plans

rules.add_perm("roadmap.import_initiative", plans)

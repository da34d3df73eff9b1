"""Who plans says which frameworks hold. Evidence is recorded by the team that answers for it, too."""

import rules

from roadmap.access import changes, owns, plans

for _act in ("add", "change", "delete"):
    rules.add_perm(f"roadmap.{_act}_framework", plans)
    rules.add_perm(f"roadmap.{_act}_control", plans)
rules.add_perm("roadmap.add_evidence", plans | owns)
rules.add_perm("roadmap.change_evidence", changes)
rules.add_perm("roadmap.delete_evidence", changes)

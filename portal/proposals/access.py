"""Who decides about proposals. Loaded when the apps are ready."""

from typing import Any

import rules

from portal.people.access import is_administrator


@rules.predicate
def is_product_manager(reader: Any) -> bool:
    return bool(reader.is_product_manager)


rules.add_perm("proposals.change_proposal", is_administrator | is_product_manager)

"""Who may do what with deliveries and chat webhooks. Loaded when the apps are ready."""

from typing import Any

import rules

from portal.delivery.models import ChatWebhook
from portal.people.access import is_administrator


@rules.predicate
def is_theirs(reader: Any, webhook: ChatWebhook | None) -> bool:
    """In the team whose webhook it is, or the person; without one: in any team, or somebody who can have their own."""
    person = getattr(reader, "person", None)
    if webhook is None:
        return bool(reader.team_ids or person)
    return webhook.owner_id in reader.team_ids or (person is not None and webhook.owner_id == person.reference_id)


rules.add_perm("delivery.view_outboxmessage", is_administrator)
rules.add_perm("delivery.change_outboxmessage", is_administrator)
for _act in ("add", "change", "delete"):
    rules.add_perm(f"delivery.{_act}_chatwebhook", is_administrator | is_theirs)

"""What the history of an initiative tells besides its own values: criteria, objections, people. Links are left out:
the history of a public one would name private incidents."""

from portal.history.parts import Part, tell_with
from roadmap.models import Criterion, DedicatedPerson, Initiative, InitiativeAccess, Objection

tell_with(Part(Initiative, Criterion, "initiative", "Success criterion", ("title", "baseline", "target")))
tell_with(Part(Initiative, Objection, "initiative", "Objection", ("text", "answer")))
tell_with(Part(Initiative, DedicatedPerson, "initiative", "Dedicated", ("person",)))
tell_with(Part(Initiative, InitiativeAccess, "initiative", "Let in", ("who",)))

"""What the history of an initiative tells besides: the inputs of its scores. Interest is not told: its incident may be
private."""

from portal.history.parts import Part, tell_with
from roadmap.models import Initiative, PriorityInput

tell_with(Part(Initiative, PriorityInput, "initiative", "factor", ("value", "basis", "source")))

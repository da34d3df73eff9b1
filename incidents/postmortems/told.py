"""What the history of a postmortem tells besides: its sections, and who was asked to read it."""

from incidents.models import Postmortem, PostmortemSection
from portal.history.parts import Part, tell_with

tell_with(Part(Postmortem, PostmortemSection, "postmortem", "Section", ("title", "text")))

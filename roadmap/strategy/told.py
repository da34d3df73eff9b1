"""What the history of a section tells besides its own values: the products that it concerns."""

from portal.history.parts import Part, tell_with
from roadmap.models import SectionDependency, StrategySection

tell_with(Part(StrategySection, SectionDependency, "section", "Concerns", ("product", "note")))

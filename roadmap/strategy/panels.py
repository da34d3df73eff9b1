"""What the record of a section and of an edition shows; their own pages are under Strategy."""

from django.http import HttpRequest
from django.urls import reverse

from portal.panels import Context, panel
from portal.prose import prose
from roadmap.initiatives.reports import without_title
from roadmap.models import StrategyEdition, StrategySection
from roadmap.strategy.live import Asked, render


@panel(on=StrategySection, slot="main", order=10, title="Text", template="roadmap/_strategy_text.html")
def text(request: HttpRequest, section: StrategySection) -> Context:
    """The section as it reads now, and where it is written."""
    made = render({"text": section.text}, Asked(request.user))["text"]
    return {
        "report": prose(made.markdown, below=2).body, "is_written": bool(section.text.strip()), "goal": section.goal,
        "objective": section.objective, "label": "Read it in the strategy",
        "url": f"{reverse('strategy')}#{section.key}",
    }  # fmt: skip


@panel(on=StrategyEdition, slot="main", order=10, title="Text", template="roadmap/_strategy_text.html")
def edition(request: HttpRequest, edition: StrategyEdition) -> Context:
    """The edition as it was published."""
    return {
        "report": prose(without_title(edition.markdown), below=1).body, "is_written": True, "note": edition.note,
        "url": reverse("strategy-edition", args=[edition.number]), "label": "Its page, with files and figures",
    }  # fmt: skip

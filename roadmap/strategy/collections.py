"""The sections and editions of the strategy as lists, so that search, history, API and files have them too."""

from portal.collections import Collection, register
from portal.columns import Column
from roadmap.models import StrategyEdition, StrategySection
from roadmap.strategy import actions

SECTIONS = register(
    Collection(
        model=StrategySection,
        slug="strategy-sections",
        rows=StrategySection.objects.all,
        order="place",
        description="The seven sections of the platform strategy as they are now.",
        icon="compass",
        group="Roadmap",
        listed=False,
        columns=(
            Column("title", cell="link", search="A"),
            Column("goal", label="Business goal", search="B"),
            Column("objective", source="objective__title", label="Objective"),
            Column("text", search="D", shown=False),
            Column("questions", shown=False),
            Column("place", shown=False),
            Column("updated_at", label="Changed"),
        ),
        form=("goal", "objective", "text"),
        line=("title", "goal"),
        empty="The sections come with the portal.",
        keeps="The strategy has seven sections.",
        create=None,
        update=actions.edit,
        delete=None,
    )
)

EDITIONS = register(
    Collection(
        model=StrategyEdition,
        slug="strategy-editions",
        rows=StrategyEdition.objects.all,
        order="-number",
        label="Editions of the strategy",
        label_one="edition of the strategy",
        description="The strategy as it was published: text and figures as they were then.",
        icon="versions",
        group="Roadmap",
        listed=False,
        columns=(
            Column("title", cell="link", search="A"),
            Column("number"),
            Column("note", label="What changed", search="B"),
            Column("published_at", label="Published"),
            Column("markdown", label="Text", search="D", shown=False),
            Column("summary", label="Executive summary", shown=False),
        ),
        line=("title", "number", "published_at"),
        empty="Nothing is published yet. Write the sections under Strategy, then publish.",
        keeps="An edition stays as it was published. Publish the next one.",
        create=None,
        update=None,
        delete=None,
    )
)

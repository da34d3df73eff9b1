"""The template that a new portal begins with: what a report answers, section by section."""

SECTIONS = (
    ("surprise", "What surprised us", "What did we believe about the system that turned out to be otherwise?"),
    (
        "impact", "Who felt what",
        "Who noticed, what could they not do, from when until when? What does it cost in error budget?",
    ),
    (
        "story", "What happened",
        "Walk forward from before it began. At each decision: what did it look like, what made this the sensible step?",
    ),
    (
        "conditions", "What made it possible, larger or longer",
        "Which conditions were there already? What would have to be otherwise for it to be smaller?",
    ),
    ("detection", "How we noticed", "What told us first? What could have told us earlier, and why did it not?"),
    (
        "mitigation", "What ended it",
        "What stopped the harm, and was it automatic, one click or by hand? What was in the way?",
    ),
    ("well", "What went well", "What would we want to have next time too? Who or what made it easier?"),
    ("luck", "Where we were lucky", "What could as well have gone otherwise?"),
    (
        "follow-ups", "What we do about it",
        "Which follow-ups do we commit to, and which ideas do we leave, and why?",
    ),
)  # fmt: skip


def default_sections() -> list[dict[str, str]]:
    """The sections as a template keeps them."""
    return [{"key": key, "title": title, "questions": questions} for key, title, questions in SECTIONS]

"""Pages of the strategy, and acts on it."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from roadmap.strategy import edition_views, views, writing_views


class KindConverter(StringConverter):
    """What a file is of: the strategy, or the summary for executives."""

    regex = "strategy|summary"


register_converter(KindConverter, "strategy_kind")
_SECTION = "strategy/-/sections/<slug:section>/"
_EDITION = "strategy/-/editions/<int:number>/"

urlpatterns = [
    path("strategy/", views.strategy, name="strategy"),
    path("strategy/-/begin/", views.begin, name="strategy-begin"),
    path("strategy/-/begin/write/", views.begin_write, name="strategy-begin-write"),
    path("strategy/-/publish/", views.publish, name="strategy-publish"),
    path("strategy/-/write/", writing_views.write, name="strategy-write"),
    path("strategy/-/write/outline/", writing_views.outline, name="strategy-outline"),
    path("strategy/-/write/texts/", writing_views.texts, name="strategy-texts"),
    path("strategy/-/write/preview/", writing_views.preview, name="strategy-preview"),
    path(_SECTION, writing_views.save, name="strategy-save"),
    path(f"{_SECTION}ties/", views.ties, name="strategy-ties"),
    path(f"{_SECTION}products/", views.concern, name="strategy-concern"),
    path(f"{_SECTION}products/<int:pk>/end/", views.unconcern, name="strategy-unconcern"),
    path("strategy/-/compare/", edition_views.compare, name="strategy-compare"),
    path("strategy/-/summary/", edition_views.executive_summary, name="strategy-summary"),
    path("strategy/-/now/<strategy_kind:kind>.md", edition_views.markdown, name="strategy-markdown"),
    path("strategy/-/now/<strategy_kind:kind>/pdf/", edition_views.pdf, name="strategy-pdf"),
    path("strategy/-/editions/", edition_views.editions, name="strategy-editions"),
    path(_EDITION, edition_views.edition, name="strategy-edition"),
    path(f"{_EDITION}summary/", edition_views.edition_summary, name="strategy-edition-summary"),
    path(f"{_EDITION}<strategy_kind:kind>.md", edition_views.edition_markdown, name="strategy-edition-markdown"),
    path(f"{_EDITION}<strategy_kind:kind>/pdf/", edition_views.edition_pdf, name="strategy-edition-pdf"),
]

"""Pages of postmortems that are not the list or the record, and acts on them."""

from django.urls import path

from incidents.postmortems import edition_views, template_views, views, writing_views

_OF = "postmortems/<str:key>/-/"

urlpatterns = [
    path("incidents/<str:key>/-/postmortem/", views.begin, name="postmortem-begin"),
    path(f"{_OF}write/", writing_views.write, name="postmortem-write"),
    path(f"{_OF}outline/", writing_views.outline, name="postmortem-outline"),
    path(f"{_OF}texts/", writing_views.texts, name="postmortem-texts"),
    path(f"{_OF}sections/<slug:section>/", writing_views.save, name="postmortem-save"),
    path(f"{_OF}preview/", writing_views.preview, name="postmortem-preview"),
    path(f"{_OF}hints/", writing_views.all_hints, name="postmortem-hints"),
    path(f"{_OF}hints/check/", writing_views.check, name="postmortem-check"),
    path(f"{_OF}hints/dismiss/", writing_views.dismiss, name="postmortem-dismiss"),
    path(f"{_OF}hints/show/", writing_views.show_dismissed, name="postmortem-hints-show"),
    path(f"{_OF}review/", views.ask_for_review, name="postmortem-review"),
    path(f"{_OF}read/", views.note_read, name="postmortem-read"),
    path(f"{_OF}draft/", views.to_draft, name="postmortem-draft"),
    path(f"{_OF}publish/", views.publish, name="postmortem-publish"),
    path(f"{_OF}comments/", views.comment, name="postmortem-comment"),
    path(f"{_OF}comments/<int:pk>/settle/", views.settle, name="postmortem-settle"),
    path(f"{_OF}compare/", edition_views.compare, name="postmortem-compare"),
    path(f"{_OF}draft.md", edition_views.draft_markdown, name="postmortem-draft-markdown"),
    path(f"{_OF}editions/<int:number>/", edition_views.edition, name="postmortem-edition"),
    path(f"{_OF}editions/<int:number>/report.md", edition_views.markdown, name="postmortem-markdown"),
    path(f"{_OF}editions/<int:number>/pdf/", edition_views.make_pdf, name="postmortem-make-pdf"),
    path(f"{_OF}editions/<int:number>/report.pdf", edition_views.pdf, name="postmortem-pdf"),
    path("postmortem-templates/<int:key>/-/sections/", template_views.sections, name="postmortem-template"),
]

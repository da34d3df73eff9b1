"""Acts on initiatives that are not editing one, their files, and reports."""

from django.urls import path

from roadmap.initiatives import files, new, report_views, suggesting, take_views, views

urlpatterns = [
    path("initiatives/-/new/", new.new, name="initiative-new"),
    path("initiatives/-/link/", new.link_to, name="initiative-link-to"),
    path("initiatives/-/things/", suggesting.things, name="initiative-things"),
    path("initiatives/-/summary/", files.summary_page, name="initiatives-summary"),
    path("initiatives/-/summary.md", files.summary_file, name="initiatives-summary-file"),
    path("initiatives/<str:key>/-/specification/", files.specification_page, name="initiative-specification"),
    path("initiatives/<str:key>/-/specification.md", files.specification_file, name="initiative-specification-file"),
    path("initiatives/<str:key>/-/status/", views.status, name="initiative-status"),
    path("initiatives/<str:key>/-/links/", views.link, name="initiative-link"),
    path("initiatives/<str:key>/-/links/<int:pk>/remove/", views.unlink, name="initiative-unlink"),
    path("initiatives/<str:key>/-/updates/", views.update, name="initiative-update"),
    path("initiatives/<str:key>/-/dedicated/", views.dedicated, name="initiative-dedicated"),
    path("initiatives/<str:key>/-/dedicated/release/", views.release, name="initiative-release"),
    path("initiatives/<str:key>/-/access/", views.access, name="initiative-access"),
    path("initiatives/<str:key>/-/access/take-out/", views.take_out, name="initiative-take-out"),
    path("initiatives/<str:key>/-/<slug:part>/new/", views.part_new, name="initiative-part-new"),
    path("initiatives/<str:key>/-/<slug:part>/<int:pk>/", views.part_edit, name="initiative-part-edit"),
    path("initiatives/<str:key>/-/<slug:part>/<int:pk>/remove/", views.part_remove, name="initiative-part-remove"),
    path("proposals/<int:pk>/-/take/", take_views.take, name="proposal-take"),
    path("proposals/<int:pk>/-/take-into/", take_views.take_into, name="proposal-take-into"),
    path("roadmap-reports/<int:pk>/", report_views.report, name="roadmap-report"),
    path("roadmap-reports/<int:pk>/report.pdf", report_views.report_pdf, name="roadmap-report-pdf"),
    path("roadmap-reports/<int:pk>/report.md", report_views.report_markdown, name="roadmap-report-markdown"),
    path("roadmap-reports/<int:pk>/-/again/", report_views.report_again, name="roadmap-report-again"),
]

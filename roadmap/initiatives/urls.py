"""Acts on initiatives that are not editing one, and reports."""

from django.urls import path

from roadmap.initiatives import report_views

urlpatterns = [
    path("roadmap-reports/<int:pk>/", report_views.report, name="roadmap-report"),
    path("roadmap-reports/<int:pk>/report.pdf", report_views.report_pdf, name="roadmap-report-pdf"),
    path("roadmap-reports/<int:pk>/report.md", report_views.report_markdown, name="roadmap-report-markdown"),
    path("roadmap-reports/<int:pk>/-/again/", report_views.report_again, name="roadmap-report-again"),
]

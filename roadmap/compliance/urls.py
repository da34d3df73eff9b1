"""Pages of compliance that are no list and no record."""

from django.urls import path

from roadmap.compliance import views

urlpatterns = [
    path("controls/-/gaps/", views.gap_list, name="compliance-gaps"),
    path("controls/-/by-service/", views.by_service, name="compliance-matrix"),
    path("controls/<int:key>/-/evidence/", views.record, name="control-evidence"),
    path("evidence/<int:key>/-/<slug:act>/", views.act, name="evidence-act"),
]

"""Every address of the portal. Collections share one set of pages; what needs more has a view of its own."""

from django.urls import URLPattern, URLResolver, include, path

from portal import api_errors, api_urls, chart_views, frame_pages, metrics_view, search_views, status, views
from portal.delivery import urls as delivery_urls
from portal.delivery import views as delivery_views
from portal.people import urls as people_urls
from portal.people import views as people_views

record_urls: list[URLPattern | URLResolver] = [
    path("", views.record, name="record"),
    path("edit/", views.record_edit, name="record-edit"),
    path("delete/", views.record_delete, name="record-delete"),
    path("history/", views.record_history, name="record-history"),
    path("panels/<slug:name>/", views.record_panel, name="record-panel"),
    path("charts/<slug:name>/", chart_views.record_chart, name="record-chart"),
    path("<slug:tab>/", views.record_tab, name="record-tab"),
]

collection_urls: list[URLPattern | URLResolver] = [
    path("", views.collection, name="collection"),
    path("-/new/", views.record_new, name="record-new"),
    path("-/total/", views.collection_total, name="collection-total"),
    path("<str:key>/", include(record_urls)),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", people_views.home, name="home"),
    path("healthz", status.healthz, name="healthz"),
    path("readyz", status.readyz, name="readyz"),
    path("status/", status.status_page, name="status"),
    path("help/", frame_pages.help_page, name="help"),
    path("help/<slug:name>/", frame_pages.document, name="help-document"),
    path("metrics", metrics_view.metrics, name="metrics"),
    path("search/", search_views.search, name="search"),
    path("search/palette/", search_views.palette, name="search-palette"),
    path("search/references/", search_views.references, name="search-references"),
    path("accounts/", include(people_urls.account_urls)),
    path("notifications/", include(delivery_urls.notification_urls)),
    path("profile/notifications/", delivery_views.set_notices, name="set-notices"),
    path("deliveries/", include(delivery_urls.delivery_urls)),
    path("chat-webhooks/", include(delivery_urls.webhook_urls)),
    path("proposals/", include("portal.proposals.urls")),
    path("profile/", include(people_urls.profile_urls)),
    path("people/<str:key>/-/", include(people_urls.person_urls)),
    path("teams/<str:key>/-/", include(people_urls.team_urls)),
    path("service-accounts/<str:key>/-/", include(people_urls.service_account_urls)),
    path("api/v1/", include("incidents.api.urls")),
    path("api/v1/", include("roadmap.api_urls")),
    path("api/v1/", include(api_urls)),
    path("api/<path:rest>", api_errors.nothing_here, name="api-nothing"),
    path("catalog/", include("services.urls")),
    path("", include("services.health.urls")),
    path("", include("services.oncall.urls")),
    path("", include("incidents.urls")),
    path("", include("roadmap.urls")),
    path("hooks/<path:rest>", api_errors.no_hook, name="hooks-nothing"),
    path("<slug:slug>/", include(collection_urls)),
]

handler400 = "portal.frame_pages.bad_request"
handler403 = "portal.frame_pages.forbidden"
handler404 = "portal.frame_pages.not_found"
handler500 = "portal.frame_pages.server_error"

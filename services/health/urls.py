"""Acts on health that are not editing a record, and what machines call."""

from django.urls import path

from services.health import badge, capacity, deployments, import_views, overview, push, source_views, views

urlpatterns = [
    path("health/", overview.overview, name="health"),
    path("health/capacity/", capacity.capacity, name="capacity"),
    path("badge/<str:token>.svg", badge.badge, name="badge"),
    path("health/badges/<int:pk>/make/", badge.badge_make, name="badge-make"),
    path("health/badges/<int:pk>/withdraw/", badge.badge_withdraw, name="badge-withdraw"),
    path("checks/<int:key>/-/run/", views.run_check, name="check-run"),
    path("checks/<int:key>/-/renew/", views.renew_heartbeat, name="check-renew"),
    path("checks/-/test/", views.test_check, name="check-test"),
    path("metrics/<int:key>/-/try/", source_views.try_metric, name="metric-try"),
    path("metrics/<int:key>/-/baseline/", source_views.set_baseline, name="metric-baseline"),
    path("metrics/-/import/", import_views.import_metrics, name="metrics-import"),
    path("metrics/-/import/<int:key>/", import_views.metric_import, name="metric-import"),
    path("prometheus-servers/<int:key>/-/try/", source_views.try_server, name="prometheus-try"),
    path("slos/-/import/", import_views.import_slos, name="slos-import"),
    path("slos/-/import/<int:key>/", import_views.slo_import, name="slo-import"),
    path("slos/-/openslo/", import_views.export_slos, name="slos-openslo"),
    path("slos/<int:key>/-/openslo/", import_views.export_slo, name="slo-openslo"),
    path("hooks/metrics/", push.metric_hook, name="hook-metrics"),
    path("hooks/deployments/", deployments.deployment_hook, name="hook-deployments"),
    path("hooks/heartbeat/<str:token>/", views.heartbeat, name="heartbeat"),
    # A redirect to the slash would look like success to a job that follows none, and nobody would have pinged.
    path("hooks/heartbeat/<str:token>", views.heartbeat, name="heartbeat-bare"),
]

"""Acts on health that are not editing a record, and what machines call."""

from django.urls import path

from services.health import deployments, push, views

urlpatterns = [
    path("checks/<int:key>/-/run/", views.run_check, name="check-run"),
    path("checks/-/test/", views.test_check, name="check-test"),
    path("hooks/metrics/", push.metric_hook, name="hook-metrics"),
    path("hooks/deployments/", deployments.deployment_hook, name="hook-deployments"),
    path("hooks/heartbeat/<str:token>/", views.heartbeat, name="heartbeat"),
]

"""Addresses of the inbox, of what one wants to be told, and of acts on deliveries and chat webhooks."""

from django.urls import path

from portal.delivery import views

notification_urls = [
    path("", views.notifications, name="notifications"),
    path("read/", views.notifications_read, name="notifications-read"),
    path("stop/", views.notifications_stop, name="notifications-stop"),
    path("<int:pk>/", views.notification, name="notification"),
]

delivery_urls = [
    path("-/again/", views.deliveries_again, name="deliveries-again"),
    path("<str:key>/-/again/", views.delivery_again, name="delivery-again"),
]

webhook_urls = [path("<str:key>/-/try/", views.webhook_try, name="webhook-try")]

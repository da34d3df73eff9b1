"""Files that show something of an incident."""

from django.urls import path

from incidents.uploads import views

urlpatterns = [
    path("incidents/<str:key>/-/uploads/", views.upload_new, name="upload-new"),
    path("uploads/<uuid:uid>/", views.upload, name="upload"),
    path("uploads/<uuid:uid>/small/", views.upload_small, name="upload-small"),
    path("uploads/<uuid:uid>/original/", views.upload_original, name="upload-original"),
    path("uploads/<uuid:uid>/about/", views.upload_about, name="upload-about"),
    path("uploads/<uuid:uid>/withdraw/", views.upload_withdraw, name="upload-withdraw"),
]

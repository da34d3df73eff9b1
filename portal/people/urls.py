"""Addresses of sign-in, the profile, and acts on people, teams and service accounts."""

from allauth.account import views as allauth
from django.urls import path, re_path

from portal.people import entering, setup, views

account_urls = [
    path("login/", views.login, name="account_login"),
    path("logout/", allauth.logout, name="account_logout"),
    path("signup/", allauth.signup, name="account_signup"),
    path("inactive/", allauth.account_inactive, name="account_inactive"),
    path("reauthenticate/", entering.reauthenticate, name="account_reauthenticate"),
    path("password/change/", allauth.password_change, name="account_change_password"),
    path("password/set/", allauth.password_set, name="account_set_password"),
    path("password/reset/", allauth.password_reset, name="account_reset_password"),
    path("password/reset/done/", allauth.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        allauth.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("demo/", views.demo_sign_in, name="demo-sign-in"),
    path("first/<str:key>/", setup.first_administrator, name="first-administrator"),
]

profile_urls = [
    path("", views.profile, name="profile"),
    path("preferences/", views.set_preferences, name="set-preferences"),
    path("theme/", views.set_theme, name="set-theme"),
    path("tokens/", views.token_new, name="token-new"),
    path("tokens/<int:pk>/revoke/", views.token_revoke, name="token-revoke"),
]

person_urls = [
    path("deactivate/", views.person_deactivate, name="person-deactivate"),
    path("reactivate/", views.person_reactivate, name="person-reactivate"),
    path("erase/", views.person_erase, name="person-erase"),
]

team_urls = [
    path("members/", views.member_add, name="member-add"),
    path("members/<int:pk>/end/", views.member_end, name="member-end"),
]

service_account_urls = [
    path("tokens/", views.machine_token_new, name="machine-token-new"),
    path("tokens/<int:pk>/revoke/", views.machine_token_revoke, name="machine-token-revoke"),
]

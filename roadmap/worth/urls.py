"""Pages of what initiatives are worth, what was put off, and how days are shared out."""

from django.urls import path

from roadmap.worth import loan_views, plan_views, priority_views, ranking

urlpatterns = [
    path("initiatives/-/priorities/", ranking.priorities, name="priorities"),
    path("initiatives/<str:key>/-/priority/", priority_views.inputs, name="initiative-priority"),
    path("initiatives/<str:key>/-/claims/", priority_views.claim, name="initiative-claim"),
    path("allocations/-/plan/", plan_views.allocation_plan, name="allocation-plan"),
    path("allocations/<int:key>/-/trade-off/", loan_views.record, name="trade-off-record"),
    path(
        "trade-offs/<int:key>/-/interest/<int:pk>/take-out/", loan_views.drop_interest, name="trade-off-interest-drop"
    ),
    path("trade-offs/<int:key>/-/<slug:act>/", loan_views.act, name="trade-off-act"),
]

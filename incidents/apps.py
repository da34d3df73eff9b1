from django.apps import AppConfig
from django.db.models.signals import post_migrate


class IncidentsConfig(AppConfig):
    name = "incidents"
    verbose_name = "Incidents"

    def ready(self) -> None:
        # Each area registers what it has; the modules beside this one are found by their names.
        from incidents import (
            automatic,  # noqa: F401
            erasing,  # noqa: F401
            telling,  # noqa: F401
        )
        from incidents.acts import panels as acts  # noqa: F401
        from incidents.alerts import collections as alerts  # noqa: F401
        from incidents.alerts import heads as alert_heads  # noqa: F401
        from incidents.alerts import own_slos  # noqa: F401
        from incidents.alerts import panels as alert_panels  # noqa: F401
        from incidents.defaults import begin
        from incidents.followups import collections as followups  # noqa: F401
        from incidents.followups import heads, notices, panels, work  # noqa: F401
        from incidents.graph import columns, derived  # noqa: F401
        from incidents.graph import panels as graph  # noqa: F401
        from incidents.insights import columns as figures  # noqa: F401
        from incidents.postmortems import access, due, told  # noqa: F401
        from incidents.postmortems import heads as postmortem_heads  # noqa: F401
        from incidents.postmortems import notices as postmortem_notices  # noqa: F401
        from incidents.postmortems import panels as postmortem_panels  # noqa: F401
        from incidents.postmortems import work as postmortem_work  # noqa: F401
        from incidents.status_texts import collections as status_texts  # noqa: F401
        from incidents.status_texts import panels as status_panels  # noqa: F401
        from incidents.taxonomy import collections as taxonomy  # noqa: F401
        from incidents.taxonomy import listed as tags  # noqa: F401
        from incidents.taxonomy import panels as nodes  # noqa: F401
        from incidents.timelines import panels as timelines  # noqa: F401
        from incidents.times import panels as times  # noqa: F401

        post_migrate.connect(begin, sender=self)

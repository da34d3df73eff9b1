from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import module_has_submodule

# Each area registers what it has in modules of these names; those beside this one are found by the portal.
AREAS = ("okr", "constraints", "initiatives", "views", "worth", "strategy", "compliance", "imports")
REGISTERING = (
    "collections", "access", "heads", "panels", "work", "told", "notices", "figures", "columns", "derived", "taking",
)  # fmt: skip


class RoadmapConfig(AppConfig):
    name = "roadmap"
    verbose_name = "Roadmap"

    def ready(self) -> None:
        for area in AREAS:
            package = import_module(f"{self.name}.{area}")
            for module in REGISTERING:
                if module_has_submodule(package, module):
                    import_module(f"{package.__name__}.{module}")
        from roadmap.compliance import defaults as compliance
        from roadmap.strategy import defaults as strategy

        post_migrate.connect(strategy.begin, sender=self)
        post_migrate.connect(compliance.begin, sender=self)

"""The pages of the roadmap in their states. Each area has ``PAGES`` in ``tests/roadmap/<area>_pages.py``."""

from tests.browser.acting import Shown
from tests.roadmap.areas import modules

ROADMAP_PAGES: list[Shown] = [page for module in modules("pages") for page in module.PAGES]

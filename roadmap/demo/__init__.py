"""The roadmap of Larkspur, the demo company: four cycles, what was promised in them, and what came of it.

The files tell the story in days before and after the day of loading; the modules beside them write it as if it had
happened then. It rests on the metrics, limits and incidents that the other shares of the demo brought.
"""

from portal.demo import register_demo
from roadmap.demo.later import go_on
from roadmap.demo.load import is_loaded, load_roadmap, real_data

register_demo(load_roadmap, is_loaded=is_loaded, real_data=real_data, later=go_on, order=40)

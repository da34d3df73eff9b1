"""Larkspur, the demo company: its catalog files, its past, and a large catalog drawn from a seed."""

from portal.demo import register_demo
from services.demo.health.large import load_large_health
from services.demo.health.load import is_loaded as is_health_loaded
from services.demo.health.load import later, load_health, top_up
from services.demo.health.target import programs
from services.demo.large import load_large
from services.demo.load import is_loaded, load_company
from services.demo.on_call import is_loaded as is_on_call_loaded
from services.demo.on_call import load_on_call
from services.demo.on_call import real_data as real_on_call
from services.demo.strangers import real_data, real_health

register_demo(load_company, is_loaded=is_loaded, real_data=real_data, large=load_large, order=10)
register_demo(
    load_health,
    is_loaded=is_health_loaded,
    real_data=real_health,
    large=load_large_health,
    top_up=top_up,
    programs=programs,
    later=later,
    order=20,
)
register_demo(load_on_call, is_loaded=is_on_call_loaded, real_data=real_on_call, order=15)

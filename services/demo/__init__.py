"""Larkspur, the demo company: its catalog files, its past, and a large catalog drawn from a seed."""

from portal.demo import register_demo
from services.demo.large import load_large
from services.demo.load import is_loaded, load_company
from services.demo.strangers import real_data

register_demo(load_company, is_loaded=is_loaded, real_data=real_data, large=load_large, order=10)

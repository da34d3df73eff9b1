"""Two years of incidents of Larkspur, the demo company.

``scenes`` says which there were, ``course`` when everything was, ``telling`` what was written; the files tell the
stories. They lie where the world of its health has trouble, so that checks, deployments and incidents are one story.
"""

from incidents.demo.load import is_loaded, load_incidents, load_since, real_data
from portal.demo import register_demo

register_demo(load_incidents, is_loaded=is_loaded, real_data=real_data, later=load_since, order=30)

"""The composition root: every object is made once, here, and handed down by constructor.

Read it from the top to learn what the product consists of; nothing else in the program knows all of it.

    process.py      one process: start, reload, answer, drain, stop
    ground.py       what everything stands on: database, registry, keys, secrets, the way out, checks, reloads
    calls.py        the data plane and what it is made of
    front.py        the application that a listener serves: what every request passes, then the routes
"""

from gateway.app.process import Modelport

__all__ = ["Modelport"]

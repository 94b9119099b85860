"""From what a user wrote to one checked description of a run.

`settings/` says what a config may hold, `compose.py` composes one in Python, `identity.py` says when
two are the same run, `instantiation.py` makes the objects that it names. Nothing here trains.
"""

"""One run: a config in, a record and a TensorBoard log out.

Start at `run.py`; `learner.py` is the training loop. Not here: what only looks at a training (`look/`), and
how many runs are made (`sweep/`).
"""

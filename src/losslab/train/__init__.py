"""One run: a config in, a record and a TensorBoard log out.

Start at `run.py`; `learner.py` is the training loop. Not here: what observes a training (`look/`), and
sweeps of many runs (`sweep/`).
"""

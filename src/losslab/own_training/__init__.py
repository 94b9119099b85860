"""`losslab.compare`: losses compared in the user's own training code.

Start at `compare.py`; its result is in `study.py`. `run.py` is what the user's function is given,
`results.py` reads what it returns, and `making.py` turns one call of it into a record. `arms.py` says which
runs there are, `identity.py` which of them are the same, `conducting.py` makes those that are missing,
`tuning.py` chooses parameters, and `pairing.py` says whether the arms shared weights and batches. Launching,
resuming and judging are those of `losslab.sweep` and `losslab.comparison`, so this package stands above both.
"""

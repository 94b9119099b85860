"""Many runs: planned and checked before the first starts, launched, shown, resumed, and brought to an end.

`conduct.py` is the one way through all of it, for Hydra's sweeper, `losslab-reproduce` and Python alike;
`plan.py` says which runs there are, `launchers.py` where they run, `launch.py` what happens if a worker is
killed, `progress.py` how far the sweep is. What happens with the records is not decided here.
"""

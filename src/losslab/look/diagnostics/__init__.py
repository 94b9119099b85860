"""Diagnostics: measurements inside the network while it trains, one idea per file; conf/diagnostics/ chooses.

A diagnostic measures a number of a layer at a step. It goes to TensorBoard as the scalar `quantity/layer`,
and through the logbook into diagnostics.csv, from which `look/findings/` derives its findings.
Diagnostics do not change the training: weights and random numbers are the same with and without them.
"""

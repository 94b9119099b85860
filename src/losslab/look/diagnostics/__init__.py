"""Looks into the network while it trains, one idea a file; conf/diagnostics/ chooses among them.

What a look measures is a number of a layer at a step. It goes to TensorBoard as the scalar `quantity/layer`,
and by the logbook into diagnostics.csv, from which `look/findings/` says in words what is wrong.
A look changes nothing in the training: same weights, same random numbers with and without it.
"""

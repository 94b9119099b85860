"""Claims: a documented statement, the runs or the check that test it, and the verdict.

`schema.py` reads a claim's file, `stages.py` says which runs it needs, `measures.py` reads numbers from their
records, `inference.py` has the statistics, `judge.py` the verdict, `study.py` ties them together. The claims
themselves are in `experiments/`, the functions of check claims in `checks/`.
"""

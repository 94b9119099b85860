"""Claims: a documented statement, the runs or the check that test it, and the verdict.

`schema.py` reads a claim's file, `stages.py` says which runs it needs, `measures.py` reads numbers from their
records, `judge.py` the verdict, `study.py` ties them together. The statistics are in `judgement/`. The claims
themselves, and the functions of those that are checked without training, are in `experiments/`.
"""

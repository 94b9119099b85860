"""Claims: a documented statement, the runs or the check that test it, and the verdict.

`schema.py` says what a claim's file may contain (`conditions.py`, `margins.py`), `parse.py` reads it.
`stages.py` says which runs it needs, `study.py` makes them step by step. `samples.py` takes the numbers
from their records, `rows.py` decides one of them, `judge.py` and `words.py` put them together, and
`answer.py` fills them into a sentence. The statistics are in `judgement/`. The claims themselves are in
`experiments/`, and so are the functions of those that are checked without training.
"""

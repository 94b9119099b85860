"""What a run leaves behind, and how the records of many runs become one table.

`record.py` is the truth about one run, `curves.py` its curves, `environment.py` what it ran on. `stored.py`
and `files.py` write and read files. `frame.py` makes one table of many runs, with one row per run;
`comparable.py` says whether its runs were made alike, `outcomes.py` which number each run counts with.
"""

from losslab.records.curves import CURVE_COLUMNS, CURVES_FILE, load_curve, load_curves, reaches
from losslab.records.files import UNFINISHED, remove_unfinished, write_atomically
from losslab.records.record import (
    BEFORE_SCALING,
    DIVERGED,
    FAILED,
    FINISHED,
    PLAN_FILE,
    PLAN_SCHEMA_VERSION,
    RECORD_FILE,
    SCHEMA_VERSION,
    Record,
    RecordedFinding,
    RecordError,
    Reliability,
    Target,
    find,
    load,
    save,
)

__all__ = [
    "BEFORE_SCALING",
    "CURVES_FILE",
    "CURVE_COLUMNS",
    "DIVERGED",
    "FAILED",
    "FINISHED",
    "PLAN_FILE",
    "PLAN_SCHEMA_VERSION",
    "RECORD_FILE",
    "SCHEMA_VERSION",
    "UNFINISHED",
    "Record",
    "RecordError",
    "RecordedFinding",
    "Reliability",
    "Target",
    "find",
    "load",
    "load_curve",
    "load_curves",
    "reaches",
    "remove_unfinished",
    "save",
    "write_atomically",
]

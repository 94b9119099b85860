"""What the fork server of `workers.py` imports, so that no run has to. Nothing else imports this file."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what libraries say to programmers when they are imported

    import losslab.train.run  # noqa: F401

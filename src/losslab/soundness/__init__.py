"""Examines one loss: a mark for each property, one topic per file in marks/.

Public: `losslab.check`, `losslab.parametrize_with_checks` and the command `losslab-check`.
"""

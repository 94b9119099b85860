"""Examines one loss (`losslab-check`): a mark for each property, one topic per file."""

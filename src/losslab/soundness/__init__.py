"""`losslab-check`: examines a criterion, one check a file."""

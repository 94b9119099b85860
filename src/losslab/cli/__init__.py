"""The installed commands, one file per command."""

import os

# Threads that wait for each other sleep instead of spinning, which on a busy machine takes ten times as long.
# OpenMP reads it when torch is imported. https://gcc.gnu.org/onlinedocs/libgomp/OMP_005fWAIT_005fPOLICY.html
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

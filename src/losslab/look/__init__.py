"""What only looks at a training: logbook, TensorBoard, diagnostics, pictures and findings.

All of it may fail without costing a run its result (`guard.py`).
"""

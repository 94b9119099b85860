"""What observes a training without changing it: logbook, TensorBoard, diagnostics, pictures and findings.

Any of it may fail without costing the run its result (`contained.py`).
"""

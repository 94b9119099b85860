"""Pictures of predictions for TensorBoard, one file a kind of picture.

Each `draw` gives a matplotlib Figure; which of them a task shows is said by its kind. matplotlib is imported
when the first one is drawn. Figures are made without pyplot: nothing is kept, nothing needs a display.
"""

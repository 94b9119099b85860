"""Pictures of predictions for TensorBoard, one kind of picture per file.

Each `draw` gives a matplotlib Figure; a task's kind says which of them are shown. matplotlib is imported
when the first one is drawn. Figures are made without pyplot, so none is kept in memory and no display is
needed.
"""

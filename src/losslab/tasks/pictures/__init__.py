"""Pictures of predictions for TensorBoard, one kind of picture per file.

Each `draw` gives a PIL image; a task's kind says which of them are shown. They are drawn while a run trains,
hence without matplotlib, see `canvas.py`.
"""

"""Small means that any package may use: the terminal, Markdown tables, torch's settings, a faster import.

Nothing here knows what a run, a loss or a claim is.
"""

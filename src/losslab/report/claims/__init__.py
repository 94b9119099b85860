"""Verdicts as an HTML page, as Markdown, and in the terminal."""

"""Losses that neither torch nor another library has, one per file, and how all losses are used."""

"""Losses that neither torch nor a library has, one file a loss."""

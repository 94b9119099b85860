"""Losses that neither torch nor a library has, one file a loss, and what is known of theirs."""

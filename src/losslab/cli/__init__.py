"""The installed commands, one file per command."""

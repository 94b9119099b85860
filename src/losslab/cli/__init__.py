"""The installed commands, one file a command."""

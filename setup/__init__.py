"""The project's commands: `python3 -m setup --help`."""

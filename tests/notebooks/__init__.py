"""Checks of the notebooks: strict re-execution, the style bar, coverage of the course."""

"""One topic a file; `examine.py` finds the marks in it: each function that is decorated with `@mark`."""

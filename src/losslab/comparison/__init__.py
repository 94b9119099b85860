"""The result of a sweep: its runs grouped into tasks and arms, with names, intervals and differences."""

"""What a sweep says: its runs grouped into tasks and arms, with names, intervals and differences."""

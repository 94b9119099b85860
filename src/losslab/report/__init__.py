"""What people read: `comparison/` shows a sweep, `claims/` shows verdicts."""

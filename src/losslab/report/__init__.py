"""What users read: `comparison/` shows a sweep, `claims/` shows verdicts."""

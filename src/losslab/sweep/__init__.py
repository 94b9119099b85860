"""Many runs: planned, launched through any Hydra launcher, resumed, and ended."""

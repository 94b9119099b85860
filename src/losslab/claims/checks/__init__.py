"""Functions of check claims, `measure(quick) -> CheckResult`: a file a claim, named like its YAML file."""

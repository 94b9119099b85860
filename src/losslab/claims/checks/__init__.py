"""The functions of check claims, `measure(quick) -> CheckResult`: one file a claim, named like its YAML file."""

"""Adapters: what other libraries' trainers need to report to `losslab.compare`'s run by themselves.

One file a library, which is only imported by who uses it: `lightning.py`, `transformers.py`. A plain loop
needs none: it calls `run.log` and `run.fingerprint`. No other part of losslab imports this package.
"""

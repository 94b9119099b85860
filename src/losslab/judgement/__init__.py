"""From numbers to decisions: pure functions on arrays and frames. Imports numpy, scipy and pandas only.

The public function is `losslab.judge`.
"""

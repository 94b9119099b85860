"""What Hydra's errors become, beside the sentences of tests/e2e/test_errors.py."""

import pytest
from hydra.errors import HydraException

from losslab.config.hydra_errors import as_sentences
from losslab.errors import UserError


def composing(interrupted):
    try:
        raise (KeyboardInterrupt if interrupted else KeyError)("defaults")
    finally:
        raise HydraException("defaults is not in struct")


def test_an_interrupt_while_composing_is_no_wrong_key():
    with pytest.raises(KeyboardInterrupt), as_sentences():
        composing(interrupted=True)
    with pytest.raises(UserError, match="defaults is not in struct"), as_sentences():
        composing(interrupted=False)

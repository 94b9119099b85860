"""`losslab-gallery`: every loss and activation with its derivative, as pictures."""

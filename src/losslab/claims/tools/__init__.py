"""What the checks of several claims share: networks, losses of the catalogue, and fair timing."""

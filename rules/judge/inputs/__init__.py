"""The inputs of a check: parcels, and the features of layers near them."""

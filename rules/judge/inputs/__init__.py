"""What a check reads: parcels, and the features of layers near them."""

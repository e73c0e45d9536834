"""Words, numbers and colours as a person reads them."""

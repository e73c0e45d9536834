"""Data on its way between departments and levels: packages that leave, packages that come in, and their receipts."""

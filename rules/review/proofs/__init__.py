"""Test cases for a rule pack: the verdict that the law gives a parcel, compared with the check's verdict."""

"""Cases beside a rule pack: what the law gives a parcel, held against what the check says."""

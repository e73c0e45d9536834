"""Cases beside a rule pack: what the law gives a parcel, compared with what the check says."""

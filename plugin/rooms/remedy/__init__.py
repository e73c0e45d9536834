"""What would pass: remedies of a parcel, and sites for a new one."""

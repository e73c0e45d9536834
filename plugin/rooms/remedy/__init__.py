"""Remedies of a parcel, and sites for a new one."""

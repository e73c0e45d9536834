"""The verb remedy: the part of a parcel that passes, and what each rule cut."""

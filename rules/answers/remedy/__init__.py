"""The verb remedy: the part of a parcel that passes, and the ground that each rule cut."""

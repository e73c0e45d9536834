"""What would make a parcel pass: the part of it that does, and what each rule cut."""

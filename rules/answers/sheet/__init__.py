"""The parcels' query sheets: what lies on each parcel, on one or two pages, for many parcels in one file."""

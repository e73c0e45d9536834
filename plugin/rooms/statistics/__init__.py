"""The land-use balance of a ground in the tab Map: by unit, group and class, as a table with bars."""

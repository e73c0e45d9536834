"""The land-use balance of a ground in the tab Numbers: by unit, group and class, as a table with bars."""

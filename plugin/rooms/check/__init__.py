"""The tab Check: parcels, rules, the check, a trial, and the verdict while editing."""

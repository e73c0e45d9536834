"""A check in spatial blocks: kept on disk as it goes, on one machine or on a cluster, with bounded memory."""

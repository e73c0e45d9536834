"""A check in spatial blocks: stored on disk as it goes, on one machine or a cluster, with bounded memory."""

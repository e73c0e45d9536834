"""Cases: their events, the state that follows from these, and the machine's drafts for their rounds."""

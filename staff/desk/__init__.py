"""The desk's own pages about officers: coming in, one's second factor, the operators' administration, the log."""

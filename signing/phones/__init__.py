"""What becomes of a bound phone after its binding: removed, replaced by mistake, stopped; and its CA's rules."""

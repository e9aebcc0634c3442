"""The officer's desk: the worklist and the case screen inside Django's admin."""

"""The log: what is written of a record, and what never is."""

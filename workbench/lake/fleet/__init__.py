"""What the machines of one lake on PostgreSQL agree on, in a schema of the catalog's own database."""

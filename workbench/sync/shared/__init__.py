"""What every part of a sync uses: reading fields, days and windows, cancellation, privacy."""

"""Metrics and dimensions that the users of an installation define in TOML, in WORKBENCH_HOME/metrics.

Start with `definition_entries` (what a section may say); `definition_files` reads the files, `expressions`
says which SQL is let in, `current` puts what was read beside the built-in definitions.
"""

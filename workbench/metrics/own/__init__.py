"""Metrics and dimensions that the users of an installation define in TOML, in WORKBENCH_HOME/metrics.

Start with `definition_files` (what a file may say); `expressions` says which SQL is let in, `current` puts
what was read beside the built-in definitions.
"""

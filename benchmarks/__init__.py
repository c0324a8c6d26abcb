"""Measures the product against named peers, in the same run on the same machine; asserts nothing."""

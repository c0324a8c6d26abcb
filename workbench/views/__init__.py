"""Saved views: questions of the page Explore under a name, as readable files of the home.

Start with ``saved_view.py``, what a view is and its form as a file; ``view_files.py`` lists, saves and
removes them, and says who may.
"""

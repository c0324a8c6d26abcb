"""Watches the numbers and the machine by rules, and tells people when one begins to hold and when it ends.

Start at `run.py` (one look at everything), then `rules.py` (what a rule is), `built_in_rules.py` (those
that help on day one), `measure.py` and `states.py` (what is measured), `judge.py` and `usual.py` (is it
bad?), `evaluate.py` (what begins and ends), `notices.py` (what is due to whom), `message.py` and
`causes.py` (the words), `deliver.py` and `targets.py` (the ways out).

Each event is told to each target once. A delivery is noted in the lake before the target is asked and again
after its answer. What certainly did not arrive is tried again; where the process ended in between, or the
answer never came, nobody knows, so it is shown as unknown and not sent again by itself: at most once.
"""

"""What Python and the JavaScript of a page or widget send each other: the types, in one place. Pure.

``components.py`` lists the components with their props and messages, which the modules of their themes
declare; ``inbox_questions.py``, ``inbox_answers.py``, ``composer.py`` and ``bell.py`` have questions and
answers; ``schema.py`` is the check that every message from a browser passes first.
"""

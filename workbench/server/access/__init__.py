"""Sign-in to the pages: who may come in, how they prove it, how long it lasts, and the trail it leaves."""

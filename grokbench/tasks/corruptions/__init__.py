"""What is done to the training rows' labels, one file each. ``tasks/trained.py`` says what a corruption gives."""

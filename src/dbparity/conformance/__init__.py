"""Does the application behave alike: checks, written once, run on every target."""

"""What a database is: its drivers, what it can do, how it is asked and how it is served."""

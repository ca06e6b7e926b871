"""What reading and sending cost, measured beside other clients: ``nox -s bench``."""

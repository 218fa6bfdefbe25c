"""Faults at length: a real portal is killed, starved and lied to in mid-campaign, and what it
says then is compared with what a mail server took. `python -m tests.torture` prints the matrix."""

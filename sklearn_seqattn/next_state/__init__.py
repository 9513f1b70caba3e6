"""What follows in a sequence of states: by a network, by counts, by both."""

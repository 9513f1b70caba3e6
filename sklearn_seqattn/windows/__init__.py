"""Windows of steps with a linear model and a chain of labels, partner of taggers."""

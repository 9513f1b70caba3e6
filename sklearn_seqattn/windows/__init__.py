"""Windows of steps with a linear model, the partner of networks that label steps."""

"""Random convolution features and their ridge regression."""

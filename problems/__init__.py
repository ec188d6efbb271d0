"""The starter set: thirty problems of ours, each in a rich and in a lean specification."""

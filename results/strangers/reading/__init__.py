"""The logs of other harnesses, a module each: `recognises` a file, and `read` it. Files are strangers'."""

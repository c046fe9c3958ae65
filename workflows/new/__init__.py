"""Write the files of a new dataset from the profile of its source files."""

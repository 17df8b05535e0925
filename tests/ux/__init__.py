"""One test per criterion UX-1 … UX-20 that is in reach, each named after its id; README.md lists the others."""

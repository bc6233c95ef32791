"""The labelled corpus without its text: labels that stand off, public reports, and the joining of the two."""

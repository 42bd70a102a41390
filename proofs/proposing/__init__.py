"""Which changes of a version would make it right: a search through the design space that the axes span."""

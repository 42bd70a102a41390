"""Reading the C of a driver.

`SourceTree` is a folder, `Unit.read(tree, paths, defines)` the declarations of some of its files, with the file:line
that everything has there. `symbolic` executes functions of a unit on all states at once. Whatever has no meaning raises
`SourceError`, one line with file:line; nothing of a tree is compiled or run.
"""

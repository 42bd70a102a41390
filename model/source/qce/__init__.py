"""The client of bam_dma, drivers/crypto/qce, read from its C.

`programs.read_client(tree)` executes, for each kind of request, what the driver does from its queue to the completion
callback, and gives the order of its steps as values of the axes that a version has.
"""

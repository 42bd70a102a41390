"""What a long exploration needs beside the search itself: memory that is asked for, a way to go on."""

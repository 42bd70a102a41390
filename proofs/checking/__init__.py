"""From a job to verdicts: the engines' answers, the words, what is recorded, worker processes, outputs."""

"""Experiments on the hardware alone: which programs of a free writer tell two answers to an open question apart."""

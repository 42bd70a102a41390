"""The modelled system: what exists and what it can do.

Source: the protocol dossier of the project (hardware, control flow, one section for each version of the series).
"""

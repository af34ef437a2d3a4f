"""Compiled leaves: arrays in, arrays out. The only place that imports numba; import it where it runs."""

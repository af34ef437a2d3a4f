"""Where logistic competitors stop: a fine grid, so that all end close to the same quality."""

TOLERANCES = [10 ** (-k / 4) for k in range(20, 41)]

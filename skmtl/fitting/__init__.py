"""Fits of linear models: data and losses, a coupling and a solver brought together; no estimators here."""

"""Small tools without knowledge of tasks, models or images."""

from ._versions import show_versions

__all__ = ["show_versions"]

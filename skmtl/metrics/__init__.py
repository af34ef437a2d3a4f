from ._detection import detection_scores

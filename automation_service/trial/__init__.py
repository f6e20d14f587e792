"""Trying a profile on the live portal, without any effect, and telling what was seen."""

from automation_service.trial.report import report
from automation_service.trial.stage import Mark, Stage
from automation_service.trial.trial import Trial

__all__ = ["Mark", "Stage", "Trial", "report"]

"""What a page shows of what a profile names there, what looks alike, and the report of it."""

from automation_service.inspection.inspection import Inspection, Sight
from automation_service.inspection.report import report
from automation_service.inspection.stage import Mark, Stage

__all__ = ["Inspection", "Mark", "Sight", "Stage", "report"]

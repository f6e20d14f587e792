"""What proves an approval: a task's folder of pictures, and whether it is still what was sealed."""

from automation_service.evidence.folder import PICTURE_ROOM, Camera, EvidenceFolder, safe_name

__all__ = ["PICTURE_ROOM", "Camera", "EvidenceFolder", "safe_name"]

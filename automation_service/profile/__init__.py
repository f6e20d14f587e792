"""What a portal looks like, as data: the model of a profile and how one is read.

A profile is YAML 1.2. A fault in it stops the start with the file, the line, the column and what
would have been allowed there.
"""

from automation_service.profile.action import Action, Outcomes
from automation_service.profile.batch import Batch, History
from automation_service.profile.certificates import Certificates
from automation_service.profile.document import PROFILES, builtin_profile, load_profile
from automation_service.profile.key_form import KeyForm
from automation_service.profile.listing import Listing
from automation_service.profile.locator import Locator
from automation_service.profile.login import Login
from automation_service.profile.lookup import Lookup
from automation_service.profile.part import Part
from automation_service.profile.pending import Pending
from automation_service.profile.profile import ACTION_NAME, Profile
from automation_service.profile.reports import ReportKind, Reports
from automation_service.profile.session import Session
from automation_service.profile.shelf import ProfileShelf, ShelfUnreadable
from automation_service.profile.signal import Signal
from automation_service.profile.site import Maintenance, Pace, Site
from automation_service.profile.step import Step
from automation_service.profile.timings import Reclick, Timings
from automation_service.profile.value import Value

__all__ = [
    "ACTION_NAME",
    "PROFILES",
    "Action",
    "Batch",
    "Certificates",
    "History",
    "KeyForm",
    "Listing",
    "Locator",
    "Login",
    "Lookup",
    "Maintenance",
    "Outcomes",
    "Pace",
    "Part",
    "Pending",
    "Profile",
    "ProfileShelf",
    "Reclick",
    "ReportKind",
    "Reports",
    "Session",
    "ShelfUnreadable",
    "Signal",
    "Site",
    "Step",
    "Timings",
    "Value",
    "builtin_profile",
    "load_profile",
]

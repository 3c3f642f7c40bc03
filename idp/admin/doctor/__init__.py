"""What a doctor looks at in an installation, each check for itself: ok, a warning, or failed."""

from idp.admin.doctor.examination import CHECKS, examine
from idp.admin.doctor.findings import Finding, Patient

__all__ = ["CHECKS", "Finding", "Patient", "examine"]

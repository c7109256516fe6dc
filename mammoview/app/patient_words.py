"""How a patient is called where it may be seen who she is.

CBIS-DDSM has no patients in this sense: it gives each file a name and an id of its own, and the
study's key is the person.
"""

from __future__ import annotations

from mammoview.domain.study import Mammogram


def patient_name(view: Mammogram) -> str:
    """Return the name as people write it (``Roe Jane``, PS3.5 6.2.1); empty where there is none."""
    return "" if view.is_cbis_ddsm else view.identity.name.replace("^", " ").strip()


def patient_number(view: Mammogram) -> str:
    """Return the patient's id; empty where there is none."""
    return view.study_key if view.is_cbis_ddsm else view.identity.patient_id

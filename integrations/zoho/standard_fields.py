"""The fields that every account begins with, for a server that does not tell its fields.

Names, types and lengths: https://help.zoho.com/portal/en/kb/crm (standard fields of the modules).
Picklists have no options here: each account has its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LEADS = """
Last_Name text 80, First_Name text 40, Company text 200, Email email 100, Phone phone 30,
Mobile phone 30, Designation text 100, Website website 450, Industry picklist 120,
Lead_Source picklist 120, Lead_Status picklist 120, Rating picklist 120, Annual_Revenue currency 16,
No_of_Employees integer 9, Street text 250, City text 100, State text 100, Zip_Code text 30,
Country text 100, Description textarea 32000, Created_Time datetime 0, Modified_Time datetime 0
"""
_CONTACTS = """
Last_Name text 80, First_Name text 40, Email email 100, Phone phone 30, Mobile phone 30,
Title text 100, Department text 50, Lead_Source picklist 120, Description textarea 32000
"""
_ACCOUNTS = """
Account_Name text 200, Website website 450, Phone phone 30, Industry picklist 120,
Annual_Revenue currency 16, Employees integer 9, Description textarea 32000
"""
_DEALS = """
Deal_Name text 120, Stage picklist 120, Closing_Date date 0, Amount currency 16,
Type picklist 120, Lead_Source picklist 120, Next_Step text 100, Description textarea 32000
"""
_EVENTS = """
Event_Title text 255, Start_DateTime datetime 0, End_DateTime datetime 0,
Description textarea 32000, Venue text 255
"""
_READ_ONLY = {"Created_Time", "Modified_Time"}
_NEEDED = {"Last_Name", "Company", "Account_Name", "Deal_Name", "Stage", "Event_Title"}


def _read(text: str) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for part in text.replace("\n", " ").split(","):
        name, kind, length = part.split()
        found[name] = {
            "api_name": name,
            "field_label": name.replace("_", " "),
            "data_type": kind,
            "length": int(length),
            "read_only": name in _READ_ONLY,
            "system_mandatory": name in _NEEDED,
        }
    return found


STANDARD_FIELDS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "Leads": _read(_LEADS),
    "Contacts": _read(_CONTACTS),
    "Accounts": _read(_ACCOUNTS),
    "Deals": _read(_DEALS),
    "Events": _read(_EVENTS),
}

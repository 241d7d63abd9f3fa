"""Reads what a campaign left in both databases, without any code of the product but the cipher
that opens what is stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from tests.crash.handoff_sides import Side

_SETTLED = {"accepted"}
_EVENTS = "SELECT lead_id FROM lead_events WHERE kind = '{}'"


def find_faults(sender: Side, receiver: Side, told: Iterable[str]) -> list[str]:
    """Everything that is not as promised, in words; none is what we want. `told`: the e-mail
    addresses of the leads that the sender said it would hand over."""
    known = dict(sender.ask("SELECT id, email_key FROM sales_leads"))
    wanted = set(told)
    faults = []
    lost = wanted - set(known.values())
    if lost:
        faults.append(f"promised, and not there: {len(lost)}, e.g. {sorted(lost)[:3]}")
    if len(known) != len(set(known.values())):
        faults.append("a person is two leads at the sender")
    faults += _compare(sender, receiver, {one for one, email in known.items() if email in wanted})
    faults += _find_doubles(sender, receiver)
    faults += _find_returns(sender, receiver)
    return faults + _find_loose_ends(sender, receiver)


def _compare(sender: Side, receiver: Side, wanted: set[str]) -> list[str]:
    sent, received = sender.read_packages("handoffs"), receiver.read_packages("received_leads")
    faults = []
    for what, missing in (
        ("lost before they were kept", wanted - sent.keys()),
        ("lost on the way", sent.keys() - received.keys()),
        ("never sent, but received", received.keys() - sent.keys()),
    ):
        if missing:
            faults.append(f"{what}: {len(missing)}, e.g. {sorted(missing)[:3]}")
    for lead_id in sent.keys() & received.keys():
        digest, body = sent[lead_id]
        if received[lead_id] != (digest, body):
            faults.append(f"{lead_id} arrived as another package")
        elif digest != f"sha256:{hashlib.sha256(body).hexdigest()}":
            faults.append(f"{lead_id} has another hash than its bytes")
        elif json.loads(body)["leadId"] != lead_id:
            faults.append(f"{lead_id} carries another lead's package")
    return faults


def _find_doubles(sender: Side, receiver: Side) -> list[str]:
    faults = []
    for side, what, query in (
        (sender, "handoffs of one number", "SELECT lead_id || ' ' || number FROM handoffs"),
        (receiver, "received leads of one lead", "SELECT lead_id FROM received_leads"),
        (receiver, "own leads of one received", "SELECT own_lead_id FROM received_leads"),
        (receiver, "requests of one key", "SELECT idempotency_key FROM received_requests"),
        (receiver, "leads of one person", "SELECT email_key FROM sales_leads"),
    ):
        found = [one for (one,) in side.ask(query)]
        if len(found) != len(set(found)):
            faults.append(f"{what}: {len(found) - len(set(found))} too many")
    (leads,), (received,) = (
        receiver.ask("SELECT count(*) FROM sales_leads")[0],
        receiver.ask("SELECT count(*) FROM received_leads")[0],
    )
    if leads != received:
        faults.append(f"{received} received, but {leads} leads")
    return faults


def _find_returns(sender: Side, receiver: Side) -> list[str]:
    """Nobody comes back in a campaign: a second handoff of a person, however it is explained, is
    one that was made twice. The `number` of a handoff tells returns apart for the product; here
    it would hide them."""
    faults = []
    for side, what, query in (
        (sender, "handed over a second time", "SELECT lead_id FROM handoffs WHERE number > 1"),
        (sender, "packages made anew", "SELECT lead_id FROM handoffs WHERE revision > 1"),
        (sender, "said to have come back", _EVENTS.format("returned")),
        (sender, "rewarded for coming back", _EVENTS.format("return_counted")),
        (receiver, "said to have come back to sales", _EVENTS.format("returned")),
        (
            receiver,
            "received again under another key",
            "SELECT lead_id FROM handoff_audit WHERE step = 'received_again'",
        ),
        (
            receiver,
            "answered under several keys",
            "SELECT received_id FROM received_requests GROUP BY received_id HAVING count(*) > 1",
        ),
    ):
        found = [one for (one,) in side.ask(query)]
        if found:
            faults.append(f"{what}, and nobody returned: {len(found)}, e.g. {sorted(found)[:3]}")
    return faults


def _find_loose_ends(sender: Side, receiver: Side) -> list[str]:
    faults = []
    states = dict(sender.ask("SELECT state, count(*) FROM handoffs GROUP BY state"))
    if states.keys() - _SETTLED:
        faults.append(f"not all acknowledged: {states}")
    answered = dict(receiver.ask("SELECT lead_id, id FROM received_leads"))
    if answered != dict(sender.ask("SELECT lead_id, sales_lead_id FROM handoffs")):
        faults.append("an acknowledgement tells of another lead")
    for side, step in ((sender, "queued"), (receiver, "received")):
        steps = side.ask(f"SELECT lead_id, about FROM handoff_audit WHERE step = '{step}'")  # noqa: S608
        if len(steps) != len(set(steps)) or {lead for lead, _ in steps} != answered.keys():
            faults.append(f"the trail does not tell once of each lead that it was {step}")
    return faults

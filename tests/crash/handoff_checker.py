"""Reads what a campaign left in both databases, without any code of the product but the cipher
that opens what is stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

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
    waiting = find_waiting(sender)
    ours = {one for one, email in known.items() if email in wanted}
    faults += _compare(sender, receiver, ours, waiting)
    faults += _find_doubles(sender, receiver)
    faults += _find_returns(sender, receiver)
    return faults + _find_loose_ends(sender, receiver, waiting)


def find_waiting(sender: Side) -> set[str]:
    """The leads of handoffs that are not acknowledged yet and whose promise to be sent stands in
    the outbox: neither done nor lost."""
    promised = {
        _read(payload)["handoff_id"]
        for (payload,) in sender.ask(
            "SELECT payload FROM outbox_entries WHERE effect = 'handoffs.push' "
            "AND state IN ('pending', 'running')"
        )
    }
    queued = sender.ask("SELECT id, lead_id FROM handoffs WHERE state = 'queued'")
    return {lead_id for handoff_id, lead_id in queued if handoff_id in promised}


def _read(stored: Any) -> Any:
    return json.loads(stored) if isinstance(stored, str) else stored


def _compare(sender: Side, receiver: Side, wanted: set[str], waiting: set[str]) -> list[str]:
    sent, received = sender.read_packages("handoffs"), receiver.read_packages("received_leads")
    faults = []
    for what, missing in (
        ("lost before they were kept", wanted - sent.keys()),
        ("lost on the way", sent.keys() - received.keys() - waiting),
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


def _find_loose_ends(sender: Side, receiver: Side, waiting: set[str]) -> list[str]:
    faults = []
    kept = {
        one[0]: one[1:] for one in sender.ask("SELECT lead_id, state, sales_lead_id FROM handoffs")
    }
    open_ones = {lead for lead, (state, _) in kept.items() if state not in _SETTLED}
    if open_ones - waiting:
        some = sorted(open_ones - waiting)[:3]
        faults.append(f"given up without an answer: {len(open_ones - waiting)}, e.g. {some}")
    answered = dict(receiver.ask("SELECT lead_id, id FROM received_leads"))
    if any(answered.get(one) != kept[one][1] for one in kept.keys() - open_ones):
        faults.append("an acknowledgement tells of another lead")
    for side, step, leads in (
        (sender, "queued", kept.keys()),
        (receiver, "received", answered.keys()),
    ):
        steps = side.ask(f"SELECT lead_id, about FROM handoff_audit WHERE step = '{step}'")  # noqa: S608
        if len(steps) != len(set(steps)) or {lead for lead, _ in steps} != leads:
            faults.append(f"the trail does not tell once of each lead that it was {step}")
    return faults

"""Appointments: when to meet, read from chat, offered, booked, changed and cancelled."""

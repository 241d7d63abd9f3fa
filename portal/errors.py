"""What ends a request to the portal in another way than an error page."""

from __future__ import annotations

from core.errors import Forbidden, Unauthorized


class SignInNeeded(Unauthorized):
    """Nobody is signed in (any more): the sign-in page follows."""


class NotFromOurPage(Forbidden):
    """A form without the proof that a page of this portal sent it."""

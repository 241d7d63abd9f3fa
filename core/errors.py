"""Errors that say who acts next.

    AppError
      UserError        someone can fix it now: a 4xx and a message that is safe to show
      ProviderError    a vendor failed: named vendor, operation, excerpt of the response
        TransientError   try again
        PermanentError   dead letter, tell staff
      BugError         an invariant of ours is broken: 500, and a log entry
    ConfigurationError   outside the tree, so that nothing swallows it

The codes and statuses of `UserError` are those of S2's table "Error Codes".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar


class AppError(Exception):
    """Every error of ours that a request or an effect may end with."""


class UserError(AppError):
    """Someone outside can mend it now; `message` is safe to show and says what to do."""

    code: ClassVar[str] = "VALIDATION_ERROR"
    status: ClassVar[int] = 400

    def __init__(self, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = dict(details or {})


class Invalid(UserError):
    """The request is not of the promised form."""


class TooLarge(UserError):
    """The request is longer than the limit that the message names."""

    status = 413


class Unauthorized(UserError):
    """No proof of identity, or one that does not hold (any more)."""

    code = "UNAUTHORIZED"
    status = 401


class Forbidden(UserError):
    """Known, but not allowed."""

    code = "FORBIDDEN"
    status = 403


class NotFound(UserError):
    """It does not exist, or not for this caller."""

    code = "NOT_FOUND"
    status = 404


class Conflict(UserError):
    """It contradicts what is stored."""

    code = "CONFLICT"
    status = 409


class RateLimited(UserError):
    """Too many requests; `retry_after` says when to come back."""

    code = "RATE_LIMIT_EXCEEDED"
    status = 429

    def __init__(self, message: str, retry_after: timedelta) -> None:
        super().__init__(
            message, {"retry_after_seconds": max(1, round(retry_after.total_seconds()))}
        )
        self.retry_after = retry_after


class ProviderError(AppError):
    """An outside system failed. `excerpt` holds its own words, cut, without secrets."""

    def __init__(self, vendor: str, operation: str, excerpt: str = "") -> None:
        self.vendor, self.operation, self.excerpt = vendor, operation, excerpt[:500]
        super().__init__(f"{vendor} failed at {operation}: {self.excerpt}".rstrip(": "))


class TransientError(ProviderError):
    """Worth trying again, after `retry_after` where the vendor named a time."""

    def __init__(
        self,
        vendor: str,
        operation: str,
        excerpt: str = "",
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(vendor, operation, excerpt)
        self.retry_after = retry_after


class VendorRateLimited(TransientError):
    """The vendor asks for patience."""


class Unavailable(TransientError):
    """No answer, or a 5xx."""


class PermanentError(ProviderError):
    """Trying again will not help: a dead letter, and a notice to staff."""


class AuthenticationFailed(PermanentError):
    """The credentials are refused."""


class Rejected(PermanentError):
    """The vendor understood and said no."""


class Unsupported(PermanentError):
    """The vendor cannot do that."""


class BugError(AppError):
    """An invariant of ours is broken. Whoever asked sees a 500; the log sees this."""


class ConfigurationError(Exception):
    """The configuration cannot be used. `problems` are lines of `path: problem. Fix.`"""

    def __init__(self, source: str, problems: list[str]) -> None:
        self.source, self.problems = source, problems
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"{source} cannot be used:\n{lines}")

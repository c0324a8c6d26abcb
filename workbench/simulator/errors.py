"""The errors of the simulator: the account cannot be built as requested, or the API refuses a request.

::

    SimulatorError(ValueError)   an impossible account, or a state file that belongs to another account
    ApiError                     an answer with an HTTP status and one of Twilio's error codes
"""

from __future__ import annotations

from tornado.web import HTTPError

DOCUMENTATION = "https://www.twilio.com/docs/errors/"


class SimulatorError(ValueError):
    """One line for the user, with the fix."""


class ApiError(HTTPError):
    """A refusal in the form of Twilio's API: `code`, `message`, `more_info`, `status`."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(status)
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> dict[str, int | str]:
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"{DOCUMENTATION}{self.code}",
            "status": self.status,
        }


def not_found(path: str) -> ApiError:
    return ApiError(404, 20404, f"The requested resource {path} was not found")


def bad_value(name: str, value: object, allowed: str) -> ApiError:
    return ApiError(400, 20001, f"Invalid value for {name}: {value!r}. {allowed}")

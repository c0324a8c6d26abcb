"""Faults, limits and latency: what a client has to survive, on demand."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.simulator.conftest import Api
from workbench.simulator import Fault, SimulatorError
from workbench.simulator.faults import Faults


def messages(api: Api) -> str:
    return f"{api.base}/Messages.json"


@pytest.mark.parametrize(("status", "code"), [(500, 20500), (503, 20500), (429, 20429), (401, 20003)])
def test_the_next_answers_fail_and_then_no_more(simulator: Api, status: int, code: int) -> None:
    simulator.control("faults", kind="status", status=status, times=2, retry_after=3)
    for _ in range(2):
        answer = simulator.http.get(messages(simulator))
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["Retry-After"] == "3"
    assert simulator.http.get(messages(simulator)).status_code == 200


def test_a_reset_connection(simulator: Api) -> None:
    simulator.control("faults", kind="reset")
    with pytest.raises(httpx.ReadError):
        simulator.http.get(messages(simulator))
    assert simulator.http.get(messages(simulator)).status_code == 200


def test_a_body_that_breaks_off(simulator: Api) -> None:
    simulator.control("faults", kind="truncate")
    with pytest.raises(httpx.RemoteProtocolError):
        simulator.http.get(messages(simulator))
    assert simulator.http.get(messages(simulator)).status_code == 200


def test_half_a_document_in_a_whole_answer(simulator: Api) -> None:
    simulator.control("faults", kind="garble")
    answer = simulator.http.get(messages(simulator))
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()


def test_a_body_that_drips(simulator: Api) -> None:
    simulator.control("faults", kind="drip", seconds=0.3)
    started = time.monotonic()
    assert len(simulator.get(messages(simulator))["messages"]) == 50
    assert time.monotonic() - started >= 0.25


def test_a_late_answer(simulator: Api) -> None:
    simulator.control("faults", kind="delay", seconds=0.2)
    started = time.monotonic()
    assert simulator.http.get(messages(simulator)).status_code == 200
    assert time.monotonic() - started >= 0.2


def test_a_send_can_take_effect_before_it_goes_wrong(simulator: Api) -> None:
    form = {"To": "+14155550177", "From": "+14155550104", "Body": "once"}
    simulator.control("faults", kind="reset", when="after", method="POST")
    with pytest.raises(httpx.ReadError):
        simulator.create(**form)
    assert [row["body"] for row in simulator.walk(To="+14155550177")] == ["once"]
    simulator.control("faults", kind="status", status=500, method="POST")
    assert simulator.create(**form).status_code == 500
    assert len(list(simulator.walk(To="+14155550177"))) == 1


def test_scope_skip_and_probability() -> None:
    faults = Faults(seed=1)
    faults.add(Fault("status", path="/2010-04-01/Accounts/AC1/Usage", method="GET", skip=1, times=1))
    hits = [
        faults.draw(method, path) is not None
        for method, path in (
            ("GET", "/2010-04-01/Accounts/AC1/Messages.json"),
            ("POST", "/2010-04-01/Accounts/AC1/Usage/Records.json"),
            ("GET", "/2010-04-01/Accounts/AC1/Usage/Records.json"),
            ("GET", "/2010-04-01/Accounts/AC1/Usage/Records.json"),
            ("GET", "/2010-04-01/Accounts/AC1/Usage/Records.json"),
        )
    ]
    assert hits == [False, False, False, True, False]
    faults.clear()
    faults.add(Fault("reset", probability=0.25, times=None))
    hit = sum(faults.draw("GET", "/") is not None for _ in range(1000))
    assert 200 < hit < 300


def test_faults_can_be_looked_at_and_taken_back(simulator: Api) -> None:
    assert simulator.control("faults", kind="reset", times=None)[0]["kind"] == "reset"
    assert len(simulator.http.get("/_simulator/faults").json()) == 1
    assert simulator.http.delete("/_simulator/faults").json() == []
    assert simulator.http.get(messages(simulator)).status_code == 200


def test_faults_that_do_not_exist() -> None:
    with pytest.raises(SimulatorError, match="No fault named 'fire'; known: status, reset"):
        Fault("fire")  # type: ignore[arg-type]
    with pytest.raises(SimulatorError, match="probability is 2"):
        Fault("reset", probability=2)


def test_too_many_requests_at_once_are_refused(simulator: Api) -> None:
    simulator.control("options", concurrency_limit=3, latency=0.3)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: simulator.http.get(messages(simulator)), range(8)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] * 3 + [429] * 5
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["code"] == 20429
    assert max(int(answer.headers["Twilio-Concurrent-Requests"]) for answer in answers) >= 4
    counted = simulator.http.get("/_simulator/requests").json()
    assert counted["most_active"] >= 4
    assert counted["by_method_and_status"] == {"GET 200": 3, "GET 429": 5}


def test_requests_are_counted_without_credentials(simulator: Api) -> None:
    simulator.http.get(messages(simulator), params={"PageSize": 3})
    simulator.http.get("/nowhere")
    simulator.control("faults", kind="truncate")
    with pytest.raises(httpx.RemoteProtocolError):
        simulator.http.get(messages(simulator))
    counted = simulator.http.get("/_simulator/requests")
    assert counted.json()["by_method_and_status"] == {"GET 200": 2, "GET 404": 1}
    assert counted.json()["latest"][0]["query"] == "PageSize=3"
    assert simulator.account.auth_token not in counted.text
    assert simulator.http.delete("/_simulator/requests").json()["total"] == 0

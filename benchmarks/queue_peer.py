# mypy: ignore-errors
"""Celery, huey and a bare loop sending the same packages to the same receiver. Runs in an
environment of its own, with Celery, redis and huey; takes everything from the environment:

HANDOFF_PEER      celery, huey or loop
HANDOFF_PACKAGES  a file with one package a line, as `handoff_promises` gives them out
HANDOFF_URL       where they go; empty: nowhere, so that the queue is measured alone
HANDOFF_TOKEN     the bearer token
HANDOFF_BROKER    Redis' address, or huey's file
HANDOFF_PATIENCE  seconds after which Redis gives a package out again that a dead worker had

`python queue_peer.py fill [PACE]` queues every package (PACE a second) and writes when it queued
which, `work N` works with N processes or threads, `loop` posts them one after the other.
"""

import http.client
import json
import os
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

PEER = os.environ["HANDOFF_PEER"]
URL = urlsplit(os.environ.get("HANDOFF_URL", ""))
TOKEN = os.environ.get("HANDOFF_TOKEN", "")
BROKER = os.environ.get("HANDOFF_BROKER", "")
_kept = threading.local()


def post(package):
    """One package over a kept connection; whatever is no 2xx is an error."""
    if not URL.netloc:
        return
    connection = getattr(_kept, "connection", None)
    if connection is None:
        connection = _kept.connection = http.client.HTTPConnection(URL.netloc, timeout=30)
    headers = {
        "content-type": "application/json",
        "authorization": f"Bearer {TOKEN}",
        "idempotency-key": package["key"],
        "x-transaction-id": package["transaction"],
        "x-payload-hash": package["hash"],
    }
    try:
        connection.request("POST", URL.path, package["body"].encode(), headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        _kept.connection = None
        raise
    if answer.status // 100 != 2:
        raise RuntimeError(f"refused with {answer.status}")


if PEER == "celery":
    from celery import Celery

    app = Celery("peer", broker=BROKER)
    app.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        broker_connection_retry_on_startup=True,
        broker_transport_options={"visibility_timeout": float(os.environ["HANDOFF_PATIENCE"])},
        worker_hijack_root_logger=False,
    )

    @app.task(name="send", autoretry_for=(OSError, RuntimeError), max_retries=None)
    def send(package):
        post(package)

    def put(package):
        send.delay(package)

    def work(count):
        options = ["worker", "--concurrency", str(count), "--loglevel", "ERROR"]
        app.worker_main([*options, "--without-gossip", "--without-mingle"])

elif PEER == "huey":
    from huey import SqliteHuey

    huey = SqliteHuey(filename=BROKER, results=False)

    @huey.task(retries=1_000_000)
    def send(package):
        post(package)

    def put(package):
        send(package)

    def work(count):
        huey.create_consumer(workers=count, initial_delay=0.01, max_delay=0.1).run()


def read_packages():
    lines = Path(os.environ["HANDOFF_PACKAGES"]).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def fill(pace):
    queued = {}
    began = time.monotonic()
    for number, package in enumerate(read_packages()):
        if pace:
            time.sleep(max(0.0, began + number / pace - time.monotonic()))
        queued[package["key"]] = time.time()
        put(package)
    json.dump(queued, sys.stdout)


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "fill":
        fill(float(rest[0]) if rest else 0)
    elif what == "work":
        work(int(rest[0]))
    else:
        for one in read_packages():
            post(one)

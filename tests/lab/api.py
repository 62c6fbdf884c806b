# SPDX-License-Identifier: Apache-2.0
"""A small client of the engine's REST API, in JSON."""

import base64
import http.client
import json
import ssl

from errors import LabError, wait_until

BASE = "/ovirt-engine/api"
REQUEST_SECONDS = 30


class ApiError(LabError):
    """An answer that is not a success."""

    def __init__(self, method, path, status, body):
        self.status, self.body = status, body
        super().__init__(f"{method} {path}: HTTP {status}: {body.strip()[:500] or '(empty)'}")


class Api:
    def __init__(self, port, ca, user, password):
        """ca: path of the authority that must have signed the engine's certificate."""
        self.port, self.ca = port, ca
        self.tls = ssl.create_default_context(cafile=ca)
        self.authorization = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def exchange(self, method, path, body=None, headers=None, timeout=REQUEST_SECONDS):
        """One request on a connection of its own: (status, headers, body as bytes)."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.tls, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def request(self, method, path, body=None):
        """The answer to an authenticated request, read from JSON."""
        headers = {"Authorization": self.authorization, "Accept": "application/json"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        status, _, answer = self.exchange(method, path if path.startswith(BASE) else BASE + path, data, headers)
        text = answer.decode(errors="replace")
        if status >= 300:
            raise ApiError(method, path, status, text)
        return json.loads(text) if text.strip() else {}

    def get(self, path):
        return self.request("GET", path)

    def add(self, collection, **members):
        return self.request("POST", f"/{collection}", members)

    def update(self, path, **members):
        return self.request("PUT", f"/{path}", members)

    def remove(self, path):
        return self.request("DELETE", f"/{path}")

    def remove_when_possible(self, path, seconds=30):
        """For what is refused while a host still has it."""
        def removed():
            try:
                self.remove(path)
                return True
            except ApiError as error:
                if error.status != 409:
                    raise
                return False
        wait_until(removed, seconds, f"{path} to be removable")

    def act(self, path, action):
        return self.request("POST", f"/{path}/{action}", {})

    def is_up(self):
        try:
            self.get("")
            return True
        except (OSError, http.client.HTTPException):
            return False

    # ---- waiting for what follows from the hosts ----

    def wait_status(self, path, wanted, seconds=60):
        """Until the entity at path has one of the wanted states; returns it."""
        seen = {}

        def look():
            seen.update(self.get("/" + path))
            return seen.get("status") in wanted
        try:
            wait_until(look, seconds, f"{path} to be {' or '.join(wanted)}", interval=0.05)
        except LabError as error:
            detail = seen.get("status_detail")
            raise LabError(f"{error}; it is {seen.get('status')}{f' ({detail})' if detail else ''}; "
                           f"last events: {self.last_events()}") from None
        return seen

    def events(self):
        """Newest first."""
        return self.get("/events").get("event", [])

    def last_events(self, count=3):
        return "; ".join(event.get("description", "") for event in self.events()[:count])

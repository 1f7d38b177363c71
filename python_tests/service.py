"""A service that knows its users: who there is, and the files that tell the host."""

import json
from pathlib import Path

import requests

from certificates import TokenIssuer, new_certificate
from hosts import REQUEST_SECONDS, Host


class Service:
    def __init__(self, directory: Path):
        authority = new_certificate("authority")
        self.ca_file, _ = authority.save(directory, "authority")
        server_files = new_certificate("server", authority).save(directory, "server")
        self.people = {name: new_certificate(name, authority) for name in ("admin", "reader", "nameless", "stranger")}
        self.files = {name: certificate.save(directory, name) for name, certificate in self.people.items()}
        self.issuer = TokenIssuer("https://issuer.example/?a=b")
        self.data = {"admin": {"data": {"isAdmin": True}}, "reader": {"data": {"a": "ü"}}, "nameless": {}}
        users_file = directory / "users.json"
        users_file.write_text(json.dumps({self.people[name].id: user for name, user in self.data.items()}))
        self.words = (
            *("--tls-cert", server_files[0], "--tls-key", server_files[1], "--client-ca", self.ca_file),
            *("--users", str(users_file)),
            *("--jwt-issuer", f"{self.issuer.name}={self.issuer.save_public_key(directory)}"),
        )

    def send(self, host: Host, method: str, path: str, person=None, token=None, **keywords) -> requests.Response:
        """Sends a request over TLS as somebody, with or without token."""
        headers = keywords.pop("headers", {})
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        certificate = self.files[person] if person else None
        with host.new_session() as session:
            response = session.request(
                method,
                host.url + path,
                cert=certificate,
                verify=self.ca_file,
                headers=headers,
                timeout=REQUEST_SECONDS,
                **keywords,
            )
        response.encoding = "utf-8"
        return response

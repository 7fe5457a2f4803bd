"""A mail server that keeps what it is sent, and refuses what its recipients' names ask it to refuse.

refused@…   no such mailbox, for good
busy-N@…    not now, the first N times
lost-N@…    taken and kept, but the connection breaks before the answer, the first N times
"""

import argparse
import collections
import json
import os
import ssl
import threading

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


class Sink:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0
        self.tried = collections.Counter()

    def again(self, address, kind):
        """Whether this time is still one of the first N."""
        name, _, times = address.split("@")[0].partition("-")
        if name != kind:
            return False
        self.tried[address] += 1
        return self.tried[address] <= int(times)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused@"):
            return "550 5.1.1 no such mailbox"
        if self.again(address, "busy"):
            return "451 4.3.0 too busy, come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "encrypted": session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data.login.decode() if session.authenticated else None,
            "text": envelope.content.decode(),
        }
        path = os.path.join(self.folder, f"{self.count:04}.json")
        with open(path + ".part", "w") as file:
            json.dump(mail, file)
        os.rename(path + ".part", path)
        if any([self.again(address, "lost") for address in envelope.rcpt_tos]):
            server.transport.abort()
        return "250 OK"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--tls", choices=["none", "starttls", "implicit"], default="none")
    parser.add_argument("--user")
    parser.add_argument("--password")
    arguments = parser.parse_args()
    options = {}
    wrapper = None
    if arguments.tls != "none":
        authority = trustme.CA()
        authority.cert_pem.write_to_path(os.path.join(arguments.folder, "ca.pem"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        if arguments.tls == "implicit":
            wrapper = context
        else:
            options.update(tls_context=context, require_starttls=True)
    if arguments.user:
        def signs_in(server, session, envelope, mechanism, data):
            known = LoginPassword(arguments.user.encode(), arguments.password.encode())
            return AuthResult(success=data == known, handled=False, auth_data=data)

        options.update(authenticator=signs_in, auth_required=True, auth_require_tls=arguments.tls == "starttls")
    Controller(
        Sink(arguments.folder), hostname="127.0.0.1", port=arguments.port, ssl_context=wrapper, **options
    ).start()
    threading.Event().wait()


main()

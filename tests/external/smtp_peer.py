"""A real mail server (Debian's python3-aiosmtpd) for one test: STARTTLS and AUTH are required.

Arguments: certificate, key, user, password. The first line on stdout is {"port": N}; then one
line for each authentication and each mail.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

CERTIFICATE, KEY, USER, PASSWORD = sys.argv[1:5]


def tell(**facts):
    print(json.dumps(facts), flush=True)


class Handler:
    async def handle_DATA(self, server, session, envelope):
        tell(
            mail=envelope.content.decode("ascii"),
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            tls=session.ssl is not None,
            authenticated=session.authenticated,
        )
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and data == LoginPassword(
        USER.encode(), PASSWORD.encode()
    )
    tell(auth=right, mechanism=mechanism, tls=session.ssl is not None)
    return AuthResult(success=right, handled=right)


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)

    def conversation():
        return SMTP(
            Handler(),
            hostname="localhost",
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=authenticate,
        )

    server = await asyncio.get_running_loop().create_server(conversation, "127.0.0.1", 0)
    tell(port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(main())

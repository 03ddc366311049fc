#!/usr/bin/env python3
"""A shop in one file that signs its customers in with Countersign, in both ways that there are.

Hosted: "Sign in" sends the browser to Countersign (OpenID Connect: authorization code with PKCE),
which asks for password and second factor and sends it back. "Pay" asks for two factors: whoever
came in with less is sent there once more, and comes back with more.

Back end only: the shop has customers and passwords of its own. It checks the password itself,
vouches for it, and asks Countersign for the second factor alone; nobody sees a page of Countersign.

    pip install requests 'pyjwt[crypto]'
    CLIENT_ID=… CLIENT_SECRET=… python3 app.py        and open http://localhost:8790/

CLIENT_ID and CLIENT_SECRET are what `countersign client add` printed (client_id and api_key). The
guide to client apps says how the app is added. All that this shop knows is forgotten when it ends.
"""

import base64
import hashlib
import hmac
import html
import os
import secrets
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt  # PyJWT, with cryptography
import requests

ISSUER = os.environ.get("ISSUER", "http://127.0.0.1:8780")
CLIENT_ID = os.environ["CLIENT_ID"]
CLIENT_SECRET = os.environ["CLIENT_SECRET"]
PORT = int(os.environ.get("PORT", "8790"))
SHOP = f"http://localhost:{PORT}"
CALLBACK = f"{SHOP}/callback"

TWO_FACTOR = "urn:countersign:acr:two_factor"
TIMEOUT_SECONDS = 10
# Clocks differ a little.
LEEWAY_SECONDS = 30
NEEDED = ["iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "amr"]

# Customers of the shop's own, for the way without Countersign's pages. A real shop has hashes.
CUSTOMERS = {"alice": "wonderland rabbit hole"}

# Everybody's browser has a cookie that names one of these: what this shop knows of it.
BROWSERS: dict[str, dict] = {}


class Refused(Exception):
    """Something that came back is not what was asked for: nobody is signed in by it. The customer
    reads why, and goes back from there."""

    def __init__(self, why: str, back: str = "/") -> None:
        super().__init__(why)
        self.back = back


# -- What Countersign says of itself: read once; keys anew whenever a token names an unknown one.

DISCOVERY = f"{ISSUER}/.well-known/openid-configuration"
PROVIDER = requests.get(DISCOVERY, timeout=TIMEOUT_SECONDS).json()
if PROVIDER["issuer"] != ISSUER:
    raise SystemExit(f"{ISSUER} calls itself {PROVIDER['issuer']}")
KEYS = jwt.PyJWKClient(PROVIDER["jwks_uri"], timeout=TIMEOUT_SECONDS)


def verified(token: str, nonce: str) -> dict:
    """The claims of a JWT, once it is sure that Countersign made it, for this app, just now, for
    what this browser asked for. An ID token and an assertion are verified alike."""
    try:
        claims = jwt.decode(
            token,
            KEYS.get_signing_key_from_jwt(token).key,
            algorithms=["ES256"],  # never what the token itself says
            issuer=ISSUER,
            audience=CLIENT_ID,
            leeway=LEEWAY_SECONDS,
            options={"require": NEEDED},
        )
    except jwt.PyJWTError as error:
        raise Refused(f"the token is not good: {error}") from error
    if not hmac.compare_digest(claims.get("nonce", ""), nonce):
        raise Refused("the token answers another request (nonce)")
    return claims


# -- Hosted: one redirect there, one back.


def way_to_countersign(browser: dict, then: str, **more: str) -> str:
    """Where a browser is sent to. What has to come back is kept for this browser alone."""
    verifier = secrets.token_urlsafe(48)
    asked = {
        "state": secrets.token_urlsafe(24),
        "nonce": secrets.token_urlsafe(24),
        "verifier": verifier,
        "then": then,
        "acr": more.get("acr_values"),
    }
    browser["asked"] = asked
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": CALLBACK,
        "scope": "openid profile email",
        "state": asked["state"],
        "nonce": asked["nonce"],
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **more,
    }
    return f"{PROVIDER['authorization_endpoint']}?{urlencode(query)}"


def come_back(browser: dict, answer: dict) -> str:
    """Takes what the browser brought back; gives where it goes on to."""
    asked = browser.pop("asked", None)  # an answer counts once
    if not asked or not hmac.compare_digest(answer.get("state", ""), asked["state"]):
        raise Refused("this browser did not ask for that (state)")
    if answer.get("iss") != ISSUER:
        raise Refused("the answer is another server's (iss)")
    if "error" in answer:
        raise Refused(f"{answer['error']}: {answer.get('error_description', '')}")
    exchanged = requests.post(
        PROVIDER["token_endpoint"],
        data={
            "grant_type": "authorization_code",
            "code": answer.get("code", ""),
            "redirect_uri": CALLBACK,
            "code_verifier": asked["verifier"],
        },
        auth=(CLIENT_ID, CLIENT_SECRET),
        timeout=TIMEOUT_SECONDS,
    )
    tokens = exchanged.json()
    if exchanged.status_code != 200:
        raise Refused(f"{tokens.get('error')}: {tokens.get('error_description', '')}")
    claims = verified(tokens["id_token"], asked["nonce"])
    if asked["acr"] and claims["acr"] != asked["acr"]:
        raise Refused(f"two factors were asked for, not {claims['acr']}")
    told = requests.get(
        PROVIDER["userinfo_endpoint"],
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
        timeout=TIMEOUT_SECONDS,
    ).json()
    if told.get("sub") != claims["sub"]:
        raise Refused("userinfo speaks of somebody else (sub)")
    name = told.get("preferred_username") or told.get("email") or claims["sub"]
    sign_in(browser, {"name": name, "claims": claims, "id_token": tokens["id_token"]})
    return asked["then"]


def sign_in(browser: dict, customer: dict) -> None:
    """Whoever signs in gets a cookie that nobody had before."""
    browser["customer"] = customer
    browser["renew"] = True


# -- Back end only: calls with the API key.


def api(
    method: str, path: str, body: dict | None = None, bearer: str = CLIENT_SECRET
) -> tuple[int, dict]:
    """A call to Countersign's API: with the app's key, or a session of the customer's there."""
    answer = requests.request(
        method,
        f"{ISSUER}{path}",
        json=body,
        headers={"Authorization": f"Bearer {bearer}"},
        timeout=TIMEOUT_SECONDS,
    )
    told = answer.json() if answer.content else {}
    if "Retry-After" in answer.headers:
        told["wait_seconds"] = answer.headers["Retry-After"]
    return answer.status_code, told


def said(problem: dict) -> str:
    """A problem in words: what is the matter, and from when it can be tried again."""
    why = problem.get("detail") or problem.get("title", "that did not work")
    wait = problem.get("wait_seconds")
    return f"{why} (wait {wait} seconds)" if wait else why


def vouch(browser: dict, name: str, seen: dict) -> str:
    """The password was right: tells Countersign so, and goes on to what it asks for."""
    subject = f"customer-{name}"
    # Made at the first sign-in; later ones find it there (409).
    status, told = api("POST", "/v1/accounts", {"subject": subject})
    if status not in (201, 409):
        raise Refused(f"no account: {said(told)}")
    nonce = secrets.token_urlsafe(24)
    status, begun = api(
        "POST",
        "/v1/sign-ins",
        {"subject": subject, "first_factor": "vouched", "context": seen, "nonce": nonce},
    )
    if status != 200:
        raise Refused(f"no sign-in: {said(begun)}")
    browser["vouched"] = {"name": name, "nonce": nonce}
    return finish(browser, begun)


def ask_for_code(browser: dict) -> str:
    """A page with a field for the code, and every way that is offered to come by one."""
    options = ""
    for one in browser["vouched"]["methods"]:
        if one["method"] == "totp":  # one for each phone; a code is compared with this one alone
            way, name = f"totp:{one['factor_id']}", one["name"]
        elif one["method"] == "recovery_code":
            way, name = "recovery_code", "A recovery code"
        else:
            continue
        options += f"<option value='{html.escape(way)}'>{html.escape(name)}</option>"
    return f"""<h1>One more step</h1><form method="post" action="/code">
        <label>Code of <select name="way">{options}</select></label>
        <input name="code" autocomplete="one-time-code" aria-label="Code">
        <button>Go on</button></form><p><a href="/">Start again</a></p>"""


def answer_with_code(browser: dict, way: str, code: str) -> str:
    """Sends the code that the customer typed, and what it is a code of."""
    method, _, factor = way.partition(":")
    answer = {"method": method, "code": code.replace(" ", "")}
    if factor:
        answer["factor_id"] = factor
    status, told = api("POST", f"/v1/sign-ins/{browser['vouched']['id']}/answers", answer)
    if status != 200:
        raise Refused(said(told), back="/code")
    return finish(browser, told)


def finish(browser: dict, outcome: dict) -> str:
    """Goes on to what is asked for; signs in once the assertion says that all was given."""
    if outcome["status"] == "second_factor_required":
        browser["vouched"].update(id=outcome["id"], methods=outcome["methods"])
        return "/code"
    if outcome["status"] == "enrolment_required":  # everybody must have a second factor
        browser["vouched"].update(id=outcome["id"])
        return "/offer"
    if outcome["status"] != "completed":
        raise Refused(f"this shop cannot go on from {outcome['status']}")
    completed(browser, outcome)
    return "/"


def completed(browser: dict, outcome: dict) -> None:
    """Signs in whom the assertion names."""
    vouched = browser.pop("vouched")
    claims = verified(outcome["assertion"], vouched["nonce"])
    token = outcome["session"]["token"]
    sign_in(browser, {"name": vouched["name"], "claims": claims, "token": token})


def offer(browser: dict, name: str) -> None:
    """A new authenticator: for a sign-in that asks for one, or for the customer's phone. The first
    is the shop's to ask for; a further one is the customer's, who has given a code just now."""
    customer, bearer = browser.get("customer"), CLIENT_SECRET
    if "vouched" in browser:
        path = f"/v1/sign-ins/{browser['vouched']['id']}/factors"
    elif customer["claims"]["acr"] == TWO_FACTOR:
        path, bearer = "/v1/accounts/me/factors", customer["token"]
    else:
        path = f"/v1/accounts/{customer['claims']['sub']}/factors"
    status, offered = api("POST", path, {"kind": "totp", "name": name}, bearer)
    if status != 202:
        raise Refused(said(offered))
    offered["path"] = f"{path}/{offered['factor_id']}/activate"
    offered["bearer"] = bearer
    browser["offered"] = offered


def show_offer(browser: dict) -> str:
    """Its page: the same until a code has put it in use."""
    offered = browser["offered"]
    return f"""<h1>Scan this</h1><div id="qr">{offered["qr_svg"]}</div>
        <p>Or type <code id="key">{html.escape(offered["secret"])}</code></p>
        <form method="post" action="/activate"><label>Then type the code
        <input name="code" autocomplete="one-time-code"></label><button>Activate</button></form>
        <p><a href="/">Not now</a></p>"""


def activate(browser: dict, code: str) -> str:
    """The first code puts it in use. Recovery codes come with the first authenticator alone, and
    are shown only now."""
    offered, typed = browser["offered"], {"code": code.replace(" ", "")}
    status, told = api("POST", offered["path"], typed, offered["bearer"])
    if status != 200:
        raise Refused(said(told), back="/activate")
    del browser["offered"]
    if "vouched" in browser:
        completed(browser, told)
    elif "session" in told:  # it takes the place of the one that asked
        browser["customer"]["token"] = told["session"]["token"]
    if "recovery_codes" not in told:
        return "<h1 id='added'>It is in use</h1><p><a href='/'>Done</a></p>"
    codes = "".join(f"<li>{html.escape(one)}</li>" for one in told["recovery_codes"])
    return f"<h1>Keep these codes</h1><ol id='codes'>{codes}</ol><p><a href='/'>Done</a></p>"


# -- The shop's pages.


def home(browser: dict) -> str:
    """Who is signed in, how, and what can be done."""
    customer = browser.get("customer")
    if not customer:
        return """<h1>Shop</h1><p><a id="sign-in" href="/sign-in">Sign in</a></p>
            <h2>With a password of this shop</h2>
            <form method="post" action="/login"><label>Name <input name="name"></label>
            <label>Password <input name="password" type="password"></label>
            <button>Sign in</button></form>"""
    claims = customer["claims"]
    rows = "".join(
        f"<dt>{html.escape(name)}</dt><dd id='{html.escape(name)}'>{html.escape(str(value))}</dd>"
        for name, value in claims.items()
    )
    own = """<form action="/offer"><label>A phone, called <input name="name" value="Phone"></label>
        <button id="offer">Add it</button></form>"""
    own = "" if "id_token" in customer else own
    return f"""<h1>Hello, <span id="who">{html.escape(customer["name"])}</span></h1><dl>{rows}</dl>
        <p><a id="pay" href="/pay">Pay</a></p>{own}
        <form method="post" action="/sign-out"><button id="sign-out">Sign out</button></form>"""


class Shop(BaseHTTPRequestHandler):
    """Serves them."""

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
        self.answered(lambda browser: self.page(browser, path, query))

    def do_POST(self) -> None:
        length = min(int(self.headers.get("Content-Length", "0")), 4096)
        form = dict(parse_qsl(self.rfile.read(length).decode()))
        self.answered(lambda browser: self.act(browser, self.path, form))

    def page(self, browser: dict, path: str, query: dict) -> None:
        customer = browser.get("customer")
        if path == "/":
            for begun in ("vouched", "offered"):  # whoever comes back here begins again
                browser.pop(begun, None)
            self.show(home(browser))
        elif path == "/sign-in":
            self.go(way_to_countersign(browser, "/"))
        elif path == "/pay":
            # More is asked for only where more is needed (step-up).
            if customer and customer["claims"]["acr"] == TWO_FACTOR:
                self.show("<h1 id='paid'>Paid</h1><p><a href='/'>Back</a></p>")
            elif customer and "id_token" not in customer:
                self.show("<h1>Add your phone first</h1><p><a href='/offer'>Add it</a></p>")
            else:
                self.go(way_to_countersign(browser, "/pay", acr_values=TWO_FACTOR))
        elif path == "/callback":
            self.go(come_back(browser, query))
        elif path == "/code" and "methods" in browser.get("vouched", {}):
            self.show(ask_for_code(browser))
        elif path == "/offer" and (customer or "vouched" in browser):
            offer(browser, query.get("name", "Phone"))
            self.go("/activate")
        elif path == "/activate" and "offered" in browser:
            self.show(show_offer(browser))
        else:
            self.show("<h1>There is no such page</h1>", 404)

    def act(self, browser: dict, path: str, form: dict) -> None:
        customer = browser.get("customer")
        if path == "/login":
            known = CUSTOMERS.get(form.get("name", ""), "")
            if not known or not hmac.compare_digest(known, form.get("password", "")):
                raise Refused("name and password do not fit")
            # As the customer came here: Countersign counts wrong guesses by it.
            seen = {"ip": self.client_address[0], "user_agent": self.headers.get("User-Agent", "")}
            self.go(vouch(browser, form["name"], seen))
        elif path == "/code" and "methods" in browser.get("vouched", {}):
            self.go(answer_with_code(browser, form.get("way", "totp"), form.get("code", "")))
        elif path == "/activate" and "offered" in browser:
            self.show(activate(browser, form.get("code", "")))
        elif path == "/sign-out" and customer:
            browser.clear()
            back = {"client_id": CLIENT_ID, "post_logout_redirect_uri": f"{SHOP}/"}
            if "id_token" not in customer:
                return self.go("/")
            back["id_token_hint"] = customer["id_token"]
            self.go(f"{PROVIDER['end_session_endpoint']}?{urlencode(back)}")
        else:
            self.show("<h1>There is nothing to do here</h1>", 404)

    def answered(self, act) -> None:
        """Does it for the browser that asks, which has a cookie from now on."""
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("shop")
        known = cookie and cookie.value in BROWSERS
        self.name = cookie.value if known else secrets.token_urlsafe(24)
        self.browser = BROWSERS.setdefault(self.name, {})
        try:
            act(self.browser)
        except Refused as why:
            reason = f"<p id='why'>{html.escape(str(why))}</p>"
            back = f"<p><a id='back' href='{html.escape(why.back)}'>Back</a></p>"
            self.show(f"<h1>That did not work</h1>{reason}{back}", 403)
        except requests.RequestException as error:
            self.log_error("%s", error)
            self.show("<h1>Countersign cannot be reached</h1>", 503)

    def show(self, body: str, status: int = 200) -> None:
        head = "<!doctype html><html lang='en'><title>Shop</title>"
        page = f"{head}<body>{body}</body></html>".encode()
        self.begin(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def go(self, where: str) -> None:
        self.begin(303)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def begin(self, status: int) -> None:
        self.send_response(status)
        if self.browser.pop("renew", False):
            BROWSERS.pop(self.name, None)
            self.name = secrets.token_urlsafe(24)
            BROWSERS[self.name] = self.browser
        # SameSite=Lax: sent along when Countersign sends the browser back, and by no foreign form.
        # Over https it is Secure, too, and its name begins with `__Host-`.
        self.send_header("Set-Cookie", f"shop={self.name}; Path=/; HttpOnly; SameSite=Lax")
        self.send_header("Cache-Control", "no-store")

    def log_message(self, format: str, *args) -> None:
        """No line per request: a query may hold a code."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", PORT), Shop)
    print(f"open {SHOP}/", flush=True)
    server.serve_forever()

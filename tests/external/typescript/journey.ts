// Registers, signs in, enrols an authenticator and signs in with its code, with nothing but the
// types that are made from the OpenAPI document: node journey.js http://127.0.0.1:8780

import { createHmac } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Problem = components["schemas"]["Problem"];

const baseUrl = process.argv[2];
if (baseUrl === undefined) throw new Error("no URL given");
const api = createClient<paths>({ baseUrl });
const PERIOD_SECONDS = 30;
const login = "typed.person";
const password = "tr0ubador & his mule";

/** A code of an authenticator app (RFC 6238), so many periods from now. */
function code(secret: string, offset: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((c) => alphabet.indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000 / PERIOD_SECONDS) + offset));
  const hash = createHmac("sha1", key).update(counter).digest();
  const at = hash.readUInt8(hash.length - 1) & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** What an answer says, or the problem that it is, thrown. */
function must<T>(answered: { data?: T; error?: Problem; response: Response }): T {
  if (answered.data !== undefined) return answered.data;
  throw new Error(`${answered.response.status} ${answered.error?.code}: ${answered.error?.detail}`);
}

const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });

must(await api.POST("/v1/accounts", { body: { login, email: "typed@example.com", password } }));
const first = must(await api.POST("/v1/sign-ins", { body: { login, password } }));
if (first.status !== "completed") throw new Error(first.status);

const params = { path: { account: "me" } };
const offered = must(
  await api.POST("/v1/accounts/{account}/factors", {
    params,
    body: { kind: "totp", name: "my phone", password },
    ...bearer(first.session.token ?? ""),
  }),
);
const activated = must(
  await api.POST("/v1/accounts/{account}/factors/{factor}/activate", {
    params: { path: { account: "me", factor: offered.factor_id } },
    body: { code: code(offered.secret, -1) },
    ...bearer(first.session.token ?? ""),
  }),
);
if (activated.recovery_codes?.length !== 10) throw new Error("no recovery codes");

const begun = must(await api.POST("/v1/sign-ins", { body: { login, password } }));
if (begun.status !== "second_factor_required") throw new Error(begun.status);
const totp = begun.methods.find((offer) => offer.method === "totp");
if (totp?.name !== "my phone") throw new Error("no authenticator is asked for");
const answers = { params: { path: { id: begun.id } } } as const;

const wrong = await api.POST("/v1/sign-ins/{id}/answers", {
  ...answers,
  body: { method: "totp", code: code(offered.secret, -1) },
});
// The code of a problem is one of those that the call declares: another would not compile.
if (wrong.error?.code !== "authentication-failed") throw new Error("a used code was accepted");

const again = must(await api.POST("/v1/sign-ins", { body: { login, password } }));
if (again.status !== "second_factor_required") throw new Error(again.status);
const done = must(
  await api.POST("/v1/sign-ins/{id}/answers", {
    params: { path: { id: again.id } },
    body: { method: "totp", code: code(offered.secret, 0) },
  }),
);
if (done.status !== "completed") throw new Error(done.status);
const session = must(await api.GET("/v1/session", bearer(done.session.token ?? "")));
console.log(session.assurance);

// A relying party in the words of openid-client, a certified library. Asked and answered by JSON
// lines: first the settings on stdin; then an authorization URL out, the callback's URL in, and one
// line for each thing that was then done with the tokens.
import { createInterface } from "node:readline";
import * as oidc from "../npm/node_modules/openid-client/build/index.js";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const ask = async () => JSON.parse((await lines.next()).value);
const tell = (step, facts) => console.log(JSON.stringify({ step, ...facts }));

const settings = await ask();
const authentication = settings.client_secret
  ? oidc.ClientSecretBasic(settings.client_secret)
  : oidc.None();
const metadata = { id_token_signed_response_alg: settings.id_token_alg };
const config = await oidc.discovery(
  new URL(settings.issuer), settings.client_id, metadata, authentication,
  // http is for loopback; the signature is checked although the token comes straight from the provider.
  { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] },
);
tell("discovered", { metadata: config.serverMetadata() });

const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
const expectedNonce = oidc.randomNonce();
const expectedState = oidc.randomState();
const url = oidc.buildAuthorizationUrl(config, {
  redirect_uri: settings.redirect_uri,
  scope: settings.scope,
  code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
  nonce: expectedNonce,
  state: expectedState,
  max_age: "600",
});
tell("authorization", { url });

const callback = new URL((await ask()).callback);
const checks = { pkceCodeVerifier, expectedNonce, expectedState, maxAge: 600, idTokenExpected: true };
const tokens = await oidc.authorizationCodeGrant(config, callback, checks);
const claims = tokens.claims();
const header = JSON.parse(Buffer.from(tokens.id_token.split(".")[0], "base64url"));
tell("tokens", { claims, header, expires_in: tokens.expires_in, scope: tokens.scope });

const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
tell("userinfo", { userinfo });

const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token);
tell("refreshed", {
  claims: refreshed.claims(),
  is_new_access_token: refreshed.access_token !== tokens.access_token,
  is_rotated: refreshed.refresh_token !== undefined && refreshed.refresh_token !== tokens.refresh_token,
});

const newest = refreshed.refresh_token ?? tokens.refresh_token;
const introspect = async (token) => (await oidc.tokenIntrospection(config, token)).active;
if (settings.client_secret) {
  const own = await oidc.clientCredentialsGrant(config);
  tell("introspected", {
    access_token: await introspect(refreshed.access_token),
    refresh_token: await introspect(newest),
    own: await introspect(own.access_token),
    nonsense: await introspect("nonsense"),
  });
}

await oidc.tokenRevocation(config, newest);
const refusal = (error) => ({ error: error.error, status: error.status });
tell("revoked", {
  refresh: await oidc.refreshTokenGrant(config, newest).then(() => "accepted", refusal),
  userinfo: await oidc.fetchUserInfo(config, refreshed.access_token, claims.sub)
    .then(() => "accepted", (error) => error.cause?.[0]?.parameters?.error ?? error.message),
  again: await oidc.authorizationCodeGrant(config, callback, checks).then(() => "accepted", refusal),
});
process.exit(0);

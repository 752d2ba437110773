/** docs/api.md from the manifest. */
const ACCESS = {
  open: "anybody",
  admin: "the administrator's key",
  browser: "a person's browser",
};

/** A browser gets no type, but what the words say. */
function answerOf({ access, result, rpc_result }) {
  if (access === "browser") return result;
  return `\`${result}\`${rpc_result ? `; over RPC the list \`${rpc_result}\` alone` : ""}`;
}

function operationSection(operation) {
  const lines = [`### \`${operation.name}\``, "", `${operation.summary}.`, ""];
  if (operation.method)
    lines.push(
      `- HTTP: \`${operation.method} ${operation.path}\`${operation.alias ? `, \`${operation.alias}\`` : ""}`,
    );
  if (operation.rpc_alias)
    lines.push(
      `- RPC: \`${operation.rpc_alias}({…})\`; \`${operation.rpc}\` is its name too, but a service binding has a \`${operation.rpc}\` of its own (docs/decisions/0003-rpc-connect.md)`,
    );
  else if (operation.forwards) lines.push(`- RPC: \`${operation.name}({…, request})\`: [proxy.md](proxy.md)`);
  else if (operation.streams && operation.result !== "Response")
    lines.push(`- RPC: \`${operation.rpc}({…, content, contentType?})\`; over HTTP the body is the content`);
  else if (operation.rpc) lines.push(`- RPC: \`${operation.rpc}({…})\``);
  lines.push(`- Who: ${ACCESS[operation.access] ?? `permission \`${operation.permission}\``}`);
  if (operation.call?.scope) lines.push(`- Least scope of the connection: \`${operation.call.scope}\``);
  if (operation.result) lines.push(`- Answers: ${answerOf(operation)}`);
  if (operation.parameters.length > 0) {
    lines.push("", "| parameter | over RPC | in | kind | |", "|---|---|---|---|---|");
    for (const p of operation.parameters) {
      lines.push(
        `| \`${p.name}\`${p.required ? " (required)" : ""} | \`${p.rpc_name}\` | ${placeOf(operation, p)} | ${p.type ? `json, \`${p.type.replaceAll("|", "\\|")}\`` : p.kind} | ${p.summary} |`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

/** What is no segment of a proxied call's path is a header: path and query are the API's. */
const placeOf = ({ forwards }, { name, place }) =>
  forwards && place !== "path" ? `header \`Postern-${name[0].toUpperCase()}${name.slice(1)}\`` : place;

export function apiDocument(manifest) {
  const shown = manifest.operations.filter((operation) => operation.access !== "authority");
  const permissions = [...new Set(shown.map((operation) => operation.permission).filter(Boolean))].sort();
  return `# API

Generated from the operations' declarations (\`core/flow/*/operations.h\`) by \`npm run build\`.
HTTP callers send \`Authorization: Bearer pk_…\`; the organization comes from the key. Workers call the same
operations over a service binding, whose \`props\` carry \`org\` and \`permissions\`. Parameters that an operation
does not declare are refused. Times are RFC 3339, durations seconds. An \`identifier\` is 1 to 255 bytes of text without control
characters, a \`text\` at most 8,192, a \`name\` 1 to 64 letters, digits and \`_.-:*\`, an \`integer\` 0 to 1,000,000, a \`cursor\` is
what was answered as one, at most 15 KiB. \`names\` and \`words\` (of visible ASCII, 8,192 characters in all) are lists: a JSON array, or one text with blanks. \`json\` is an object or a list of the
type that stands with it, in a JSON body or over RPC, handed on as it was written. Lists, cursors and refusals of a provider's APIs: [resources.md](resources.md). A callback's query
has at most 16 KiB, the code in it 8 KiB; a body 64 KiB. In a query \`+\` is a space, as forms have it: a user id such as \`ada+work@acme.example\` is
sent as \`ada%2Bwork%40acme.example\` (\`encodeURIComponent\`, \`URLSearchParams\`). In a path, a JSON body and over RPC \`+\` stands for itself.
\`HEAD\` does nothing: it is answered for \`/health\`, and with an empty page where a person's browser is meant.

Permissions: ${permissions.map((name) => `\`${name}\``).join(", ")}. \`*\` stands for \`arm:read\`,
\`connect\`, \`connect:caller\`, \`connections:read\`, \`connections:write\`, \`events:read\`, \`events:write\`, \`graph:read\` and \`tokens:read\`, which is what there was at first, and for nothing
that came later: the others are always named.
\`connections:organization\` besides, which is always named: whoever holds it may name the organization itself (\`user_id\` \`-\`) in all that it may do to
connections. \`tokens:read\` and \`proxy\` may name one API of a provider: \`tokens:read:arm\`; for APIs that people are not asked for on connecting (\`vault\`, \`storage\`) \`tokens:read\` has to. What a key may call through the proxy can be narrowed to methods and paths:
\`proxy:graph:GET:/v1.0/me\` ([proxy.md](proxy.md#permissions-and-rules)).

\`proxy\` may name one API, \`proxy:graph\`, or be rules, each of which allows what begins with its path:
\`proxy:[<integration>.]<api>:<METHODS>:<path>\`, at most 1,024 characters, as \`proxy:graph:GET:/v1.0/me/messages\` or
\`proxy:azure.arm:GET,PUT:/subscriptions/*/resourceGroups\`. METHODS is \`*\`, or names separated by commas; \`GET\` is \`HEAD\` too. The path is percent-encoded, has no
query and no \`/\` at its end; \`*\` is any one segment, \`/\` alone everything. It is compared segment by segment, decoded, without regard to case where the API has none.
Of an API whose operations have names (Slack) the rule has the whole path, and \`*\` for the methods. Rules never allow what they cannot judge: a batch or GraphQL
(the body says what is done), a query that names another method, a segment that servers read differently. \`proxy:links:pass\`, \`proxy:links:replace\` and
\`proxy:links:remove\`, of which a key has one at most, say what becomes of URLs in answers that need no token.

## Operations

${shown.map(operationSection).join("\n")}
## Types

The types of answers, as TypeScript has them; a member with \`?\` may be absent. \`worker-shim/src/generated/rpc.gen.ts\`, which \`npm run types\` writes, has them and the
interface \`PosternRpc\` of a service binding: copy it beside your Worker. Later releases may add members.

${manifest.shapes.map(({ name, type, summary }) => `- \`${name}\`: ${summary}. \`${type}\``).join("\n")}

## Following events

Over a service binding \`subscribe({ cursor, type, userId, subject, integration, seconds }, onEvents)\` calls \`onEvents(events, cursor)\` with what
\`listEvents\` answers, as it happens, for \`seconds\` (60 when absent, at most 900), and answers \`{cursor}\`. An event counts as taken when
\`onEvents\` has resolved: whoever begins again with the last cursor misses none and may see some twice (same \`id\`). \`onEvents\` may end it by
answering \`false\`; where it has not resolved when the time is over (10 s it has in any case), that counts as not taken. Who: permission \`events:read\`.

## Refusals

Every refusal is a problem document (RFC 9457) with \`success: false\`, a human \`error\` and a stable \`code\`.

| code | status | meaning | what to do |
|---|---|---|---|
${manifest.problems.map((p) => `| \`${p.code}\` | ${p.status} | ${p.title} | ${p.remedy} |`).join("\n")}

The link in \`connect_url\` of \`needs_reauth\` asks for no confirmation by a backend, whatever \`CONNECT_CONFIRM_DEFAULT\` says, and leads back nowhere. It connects the same
account only, and only while the connection lives: it can renew what there is, and bring nobody else's account. Who wants the person back makes a link with \`return_to\`.

An attempt that ends without a connection is told in one word, the same everywhere: the first word of the page's reference, \`error\` at \`return_to\`
(beside \`attempt\`), \`reason\` of \`get_attempt\` and of the event \`connection.connect_failed\`; \`cause\` is the second word.

| word | meaning |
|---|---|
| \`access_denied\` | the person declined |
| \`provider_refused\` | the provider or an administrator did not allow it; \`evidence\` has the provider's own code |
| \`code_refused\` | the provider took the code no more: it had expired, or was used |
| \`answer_mismatch\` | the answer was made for another sign-in, or by another provider (\`wrong_nonce\`, \`wrong_issuer\`, \`wrong_integration\`) |
| \`id_token_refused\` | what the provider said of who signed in does not hold |
| \`other_account\` | another account is connected, and the link does not allow to change it |
| \`connection_ended\` | the link was made to renew a connection (\`connect_url\` of \`needs_reauth\`), which was ended meanwhile; no code was spent |
| \`attempt_used_or_expired\` | what waited for its confirmation gave way to another sign-in (\`replaced\`), or the connection was ended (\`disconnected\`) |
| \`provider_unavailable\` | no answer from the provider's token endpoint |
| \`temporarily_unavailable\` | the provider asked for patience; at \`return_to\` only where the person went back instead of trying again. The attempt is still \`started\` |
| \`integration_fault\` | client id, secret, scopes or redirect are wrong, or not set |
| \`service_unavailable\`, \`outcome_unknown\` | as below |

A page that a person is shown ends with a reference of one or two words: what kind of page it is, and why, where there is more to say. The second is the
provider's own error code, a fault of the exchange (\`timeout\`, \`unavailable\`, \`too_large\`), what was wrong with the callback or the ID token, a code of
the table above, or one of these:

| words | meaning |
|---|---|
| \`service_unavailable earlier_answer_waits\` | an earlier sign-in's tokens arrived and cannot be stored yet; no code was sent, so as not to overwrite them. It is finished by itself; try again in a minute |
| \`service_unavailable store_unavailable\` | nothing was sent: begin again |
| \`outcome_unknown store_unavailable\`, \`outcome_unknown sealing_failed\` | the tokens arrived and could not be stored now; it is finished by itself, but where a backend is to confirm: then begin again |
| \`integration_fault no_api_is_asked_for\` | the scopes hold no API's, so that no token could be had |
| \`outcome_unknown not_told\` | it came back from the provider, and nothing tells of its end; for ten minutes \`get_attempt\` says \`started\` |
| \`service_unavailable nobody_can_confirm\`, \`service_unavailable answer_lost\` | the page that would have brought the code to a backend was lost, or the provider's answer was: begin again |
| \`id_token_refused no_id_token\` | the provider said nothing of who signed in |
| \`cross_site_post\`, \`bad_request malformed_state\` | the request did not come from the page that Postern made |

These pages end no attempt when a person sees them, and no caller is told of them then.

| word | status | when |
|---|---|---|
| \`link_expired\`, \`link_used\` | 410 | the link is older than ten minutes, or was used, by another browser or for another sign-in |
| \`link_unknown\` | 404 | there is no such link, or it was forgotten, a day after its end |
| \`wrong_browser\` | 403 | the callback came to another browser than the one that pressed the button; that one can still finish |
| \`attempt_used_or_expired\` | 410 | the callback came once more, after its ten minutes, or after the browser was sent on for fewer scopes |
| \`cross_site_post\` | 403 | the button was pressed by another site |
| \`bad_request\` | 400 | link or callback cannot be understood |
| \`admin_consented\` | 200 | an administrator's consent was kept as claimed ([azure.md](azure.md#admin-consent)) |
| \`admin_consent_denied\` | 403 | the administrator declined, or may not consent |
| \`admin_consent_failed\` | 400 | the answer is another one than was asked for |
| \`admin_consent_elsewhere\` | 409 | the consent is for another directory than was asked, or the request was answered for another one before |
| \`admin_consent_over\` | 410 | the request is older than seven days, or was not made here |

## Variables

| name | secret | |
|---|---|---|
${manifest.environment.map((v) => `| \`${v.name}\` | ${v.secret ? "yes" : ""} | ${v.summary} |`).join("\n")}
| \`MASTER_KEYS\` | yes | \`kid:base64url(32 bytes)\`, comma-separated; the first seals, all open |
| \`CORS_ALLOWED_ORIGINS\` | | Comma-separated origins whose pages may call what takes an API key |
| \`LOG_LEVEL\` | | debug, info (default), warn, error |
`;
}

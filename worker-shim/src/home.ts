/** The page where Postern is mounted: what this is, and where to go on. It tells nothing of the deployment but its address. */
import type { Outcome } from "./effects.ts";
import { escapeHtml, pageOutcome } from "./page.ts";

/** `url`: how it was asked for. Where Postern is mounted the path has no slash at its end, so nothing can be relative to it. */
export function homePage(url: string): Outcome {
  const { origin, pathname } = new URL(url);
  const base = `${pathname.replace(/\/+$/, "")}/`;
  // A shell takes what is between single quotes as it stands; no URL has one in its origin, and a path's is encoded here.
  const at = escapeHtml(`${origin}${base}`.replaceAll("'", "%27"));
  const main = `<p>An OAuth connection broker. A person connects an account once, in a browser; from then on services ask Postern for a fresh access token, and never see a refresh token.</p>
<h2>If a service sent you here</h2>
<p>Open the link that it gave you. On this page there is nothing to do.</p>
<h2>If you run it</h2>
<p>The administrator's key, the secret <code>ADMIN_API_KEY</code>, makes API keys. Each is of one organization and is shown once:</p>
<pre><code>curl -X POST -H "Authorization: Bearer $ADMIN_API_KEY" -H 'Content-Type: application/json' -d '{"org_id":"demo","name":"first","permissions":["*"]}' '${at}v1/api-keys'</code></pre>
<p>With an API key a service makes a connect link, for one of its users, to open in a browser. By <code>confirm=page</code> the person alone decides; with <code>return_to</code> and <code>confirm=backend</code> your backend does (<code>docs/api.md</code>):</p>
<pre><code>curl -H "Authorization: Bearer $KEY" '${at}connect?user_id=user_1&amp;confirm=page'</code></pre>
<p>From then on it asks for tokens, by <code>GET ${at}v1/connections/:integration/token</code>, with the same <code>user_id</code>. What stands for <code>:integration</code> <code>docs/deploy.md</code> says for each provider.</p>
<h2>Where to read on</h2>
<p>In the sources that this was deployed from: <code>README.md</code> begins, <code>docs/api.md</code> has every operation and every refusal, <code>docs/deploy.md</code> says how to put it to work. <a href="${escapeHtml(base)}health">Is it up?</a></p>`;
  return pageOutcome({
    status: 200,
    title: "This is Postern",
    tone: "ask",
    main,
    base,
    headers: [["cache-control", "public, max-age=3600"]],
  });
}

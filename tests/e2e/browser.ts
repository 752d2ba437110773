/** A real browser, and one person's way through Postern's pages and the provider's. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page, type Response } from "playwright-core";
import { root } from "../../scripts/local-postern.ts";
import { audit } from "./audit.ts";
import { sharedStack } from "./local.ts";

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };
const SCREENSHOTS = join(root, "build", "screenshots");
const STEP_MS = 15_000;

let running: Promise<Browser> | undefined;

function browser(): Promise<Browser> {
  running ??= chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  return running;
}

export async function closeBrowser(): Promise<void> {
  const started = running;
  running = undefined;
  await (await started)?.close();
}

/** One browser with its own cookies; what its console says against Postern's pages is kept. */
export class Person {
  readonly context: BrowserContext;
  readonly origin: string;
  readonly complaints: string[] = [];
  readonly #documents = new Map<string, Response>();

  private constructor(context: BrowserContext, origin: string) {
    this.context = context;
    this.origin = origin;
    const ours = (url: string) => url.startsWith(origin);
    context.on("weberror", (error) => this.complaints.push(`error: ${error.error().message}`));
    context.on("console", (message) => {
      const { url } = message.location();
      if (message.type() !== "error" && message.type() !== "warning") return;
      // A page that says no has a status that says so too; the console repeats it.
      if (message.text().startsWith("Failed to load resource") && this.#documents.has(withoutFragment(url)))
        return;
      if (ours(url) || url === "") this.complaints.push(`${message.text()} (${url})`);
    });
    context.on("response", (response) => {
      if (response.request().isNavigationRequest())
        this.#documents.set(withoutFragment(response.url()), response);
      else if (ours(response.url()) && response.status() >= 400)
        this.complaints.push(`${response.status()} ${response.url()}`);
    });
  }

  static async enter(): Promise<Person> {
    const { origin } = await sharedStack();
    const context = await (await browser()).newContext({
      viewport: DESKTOP,
      locale: "en-GB",
      reducedMotion: "reduce",
    });
    context.setDefaultTimeout(STEP_MS);
    return new Person(context, origin);
  }

  async open(url: string): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(url);
    return page;
  }

  /** The page that is shown is Postern's, says this, and is as each of them has to be. */
  async sees(page: Page, heading: RegExp | string, status: number): Promise<void> {
    await page.getByRole("heading", { level: 1, name: heading }).waitFor();
    const response = this.#documents.get(withoutFragment(page.url()));
    assert.ok(response, `no response is known for ${page.url()}`);
    assert.ok(page.url().startsWith(this.origin), page.url());
    assert.equal(response.status(), status);
    const headers = await response.allHeaders();
    checkPolicy(headers);
    assert.deepEqual(await audit(page), [], `audit of ${page.url()}`);
    assert.deepEqual(this.complaints, [], "the console is silent");
  }

  async leave(): Promise<void> {
    await this.context.close();
    assert.deepEqual(this.complaints, [], "the console was silent to the end");
  }
}

/** A provider may end the address with a `#`, which no server sees. */
const withoutFragment = (url: string) => url.replace(/#.*$/, "");

/** Nothing may run, and nothing may frame, cache or leak the page. */
function checkPolicy(headers: Record<string, string>): void {
  const policy = headers["content-security-policy"] ?? "";
  for (const directive of ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action "])
    assert.ok(policy.includes(directive), `${directive} in ${policy}`);
  assert.doesNotMatch(policy, /unsafe|\*|data:|script-src/);
  assert.equal(headers["cache-control"], "no-store");
  assert.equal(headers["x-content-type-options"], "nosniff");
  assert.equal(headers["x-frame-options"], "DENY");
  assert.match(headers["referrer-policy"] ?? "", /^(no-referrer|same-origin)$/);
}

/** Consent page -> the provider's sign-in page. */
export async function goOn(page: Page, provider = "Microsoft"): Promise<void> {
  await page.getByRole("button", { name: `Continue to ${provider}` }).click();
  await page.waitForURL(/\/oauth2\/v2\.0\/authorize|\/login\/oauth\/authorize|\/o\/oauth2\/v2\/auth/);
}

export async function pick(page: Page, email: string): Promise<void> {
  await page.getByRole("button", { name: email }).click();
}

export async function cancel(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Cancel" }).click();
}

/** At both widths, light and dark; the audit holds in each. */
export async function photograph(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  for (const [size, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await audit(page), [], `${name}, ${size}, ${colorScheme}`);
      await page.screenshot({
        path: join(SCREENSHOTS, `${name}-${size}-${colorScheme}.png`),
        fullPage: true,
      });
    }
  }
  await page.setViewportSize(DESKTOP);
  await page.emulateMedia({ colorScheme: null });
}

/**
 * The process that is killed: Postern as it is deployed, in workerd, on a folder that stays. It is told what to run in
 * one message, and answers with one once workerd serves.
 */
import { join } from "node:path";
import {
  convertV4MiniflareOptions,
  Miniflare,
  uploaded,
  workerdPid,
  wranglerSettings,
} from "../bench/deployed.ts";

export interface HostOrder {
  readonly port: number;
  /** As `wrangler dev --persist-to` takes it. */
  readonly state: string;
  readonly variables: Record<string, string>;
}

export interface HostReady {
  readonly workerd: number | undefined;
}

const D1_ID = "00000000-0000-0000-0000-000000000000";

async function serve({ port, state, variables }: HostOrder): Promise<void> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      telemetry: { enabled: false },
      logRequests: false,
      resourcePersistencePath: join(state, "v3"),
      handleStructuredLogs: ({ timestamp, message }) => console.log(timestamp, message),
      workers: [
        {
          name: "postern",
          ...wranglerSettings(),
          ...uploaded(),
          unsafeDirectSockets: [{ host: "127.0.0.1", port }],
          bindings: variables,
          kvNamespaces: ["AZURE_TOKENS"],
          d1Databases: { DB: D1_ID },
          durableObjects: { CONNECTION: { className: "ConnectionObject", useSQLite: true } },
        },
      ],
    }),
  );
  await miniflare.ready;
  process.send?.({ workerd: workerdPid() } satisfies HostReady);
}

process.once("message", (order: HostOrder) => {
  serve(order).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
// Whoever started us is gone; workerd ends with its standard input.
process.on("disconnect", () => process.exit(1));

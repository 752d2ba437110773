/** Postern as it is deployed, and a way to look at its instances. */
import { WorkerEntrypoint } from "cloudflare:workers";
import { pool } from "../../../worker-shim/src/flow-runner.ts";

export { AzureService, ConnectionObject, default } from "../../../worker-shim/src/index.ts";

export class Figures extends WorkerEntrypoint {
  figures(): { created: number; live: number; free: number; dropped: number } {
    return pool.figures();
  }
}

/** The emulated Microsoft on a thread of its own: what the callers cost does not slow down its answers. */
import { parentPort, workerData } from "node:worker_threads";
import { startMicrosoft } from "../world/microsoft/microsoft.ts";

const microsoft = await startMicrosoft(workerData as { redirectUris: string[] });
const { loginOrigin: login, graphOrigin: graph, armOrigin: arm, clientId, clientSecret } = microsoft;
parentPort?.postMessage({ login, graph, arm, clientId, clientSecret });

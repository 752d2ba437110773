/**
 * Postern's Worker. The default export, also under the name AzureService, serves HTTP and is the
 * entrypoint of service bindings; ConnectionObject is the authority of each connection.
 */

export { createApp } from "./app.ts";
export { ConnectionObject } from "./connection-object.ts";
export { AzureService, AzureService as default } from "./rpc.ts";

/// <reference types="@cloudflare/vitest-pool-workers/types" />
declare namespace Cloudflare {
  interface Env extends Omit<import("../../../worker-shim/src/env.ts").Bindings, "CONNECTION"> {
    CONNECTION: DurableObjectNamespace<
      import("../../../worker-shim/src/connection-object.ts").ConnectionObject
    >;
    AZURE_LOGIN_ORIGIN: string;
    GRAPH_ORIGIN: string;
    ARM_ORIGIN: string;
    VAULT_ORIGIN: string;
    AZURE_CLIENT_ID: string;
    AZURE_CLIENT_SECRET: string;
    GITHUB_LOGIN_ORIGIN: string;
    GITHUB_CLIENT_ID: string;
    GITHUB_CLIENT_SECRET: string;
    GOOGLE_LOGIN_ORIGIN: string;
    GOOGLE_CLIENT_ID: string;
    GOOGLE_CLIENT_SECRET: string;
    ADMIN_API_KEY: string;
    MIGRATIONS: import("cloudflare:test").D1Migration[];
  }
  interface GlobalProps {
    mainModule: typeof import("../../../worker-shim/src/index.ts");
  }
}
/** A file of the repository as text. */
declare module "*?raw" {
  const text: string;
  export default text;
}

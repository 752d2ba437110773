/** Rules for links as the core would send them. */
import type { LinkRules } from "../../../worker-shim/src/links.ts";

export const BASE = "https://p.example/v1/proxy/microsoft.graph/ada";
export const ARM = "https://p.example/v1/proxy/microsoft.arm/ada";
export const UPLOADS = "https://p.example/v1/proxy/microsoft.uploads/ada";

export const sealed = (url: string) => `https://p.example/v1/sealed/${encodeURIComponent(url)}`;

export const linkRules = (changes: Partial<LinkRules> = {}): LinkRules => ({
  members: new Map([
    ["nextLink", "followed"],
    ["next", "followed"],
    ["upload_url", "upload"],
    ["uploadUrl", "upload"],
    ["downloadUrl", "download"],
    ["self", "api"],
  ]),
  ends: [
    ["@odata.nextLink", "followed"],
    ["_url", "api"],
  ],
  bases: [
    ["https://graph.microsoft.com", BASE],
    ["https://management.azure.com", ARM],
    ["http://127.0.0.1:8080", UPLOADS],
  ],
  presigned: "default",
  content: false,
  seal: async (url) => sealed(url),
  ...changes,
});

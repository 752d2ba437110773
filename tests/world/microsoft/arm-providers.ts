/**
 * Resource providers and their versions: learn.microsoft.com/rest/api/resources/providers/list and get (2021-04-01,
 * examples/GetProvider.json of Azure/azure-rest-api-specs). A version that a type does not have is refused as
 * learn.microsoft.com/azure/azure-resource-manager/templates/template-tutorial-troubleshoot shows it.
 */
import { type Call, json, type Reply } from "../http.ts";
import { apiError } from "./api.ts";
import { notAllowed } from "./arm-errors.ts";
import { list } from "./arm-lists.ts";
import type { Subscription } from "./people.ts";

const LOCATIONS = ["West Europe", "East US"];

/** Newest first, as ARM lists them. */
const PROVIDERS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "Microsoft.Cache": {
    redis: ["2024-11-01", "2024-04-01-preview", "2024-03-01", "2023-08-01", "2023-05-01-preview"],
  },
  "Microsoft.Compute": {
    virtualMachines: ["2024-11-01", "2024-07-01", "2024-03-01", "2023-09-01", "2016-04-30-preview"],
    disks: ["2024-03-02", "2023-10-02", "2023-04-02", "2016-04-30-preview"],
  },
  "Microsoft.KeyVault": {
    vaults: ["2024-12-01-preview", "2024-11-01", "2024-04-01-preview", "2023-07-01", "2022-07-01"],
    "vaults/secrets": ["2024-12-01-preview", "2024-11-01", "2023-07-01", "2022-07-01"],
  },
  "Microsoft.Storage": {
    storageAccounts: ["2024-01-01", "2023-05-01", "2023-01-01", "2022-09-01", "2020-08-01-preview"],
    "storageAccounts/blobServices": ["2024-01-01", "2023-05-01", "2023-01-01", "2020-08-01-preview"],
  },
  "Microsoft.Web": {
    sites: ["2024-11-01", "2024-04-01", "2023-12-01", "2022-09-01", "2015-08-01-preview"],
    "sites/slots": ["2024-11-01", "2024-04-01", "2023-12-01", "2015-08-01-preview"],
    serverFarms: ["2024-11-01", "2024-04-01", "2023-12-01", "2015-08-01-preview"],
  },
};

const named = <T>(all: Readonly<Record<string, T>>, name: string): [string, T] | undefined =>
  Object.entries(all).find(([known]) => known.toLowerCase() === name.toLowerCase());

function providerOf(subscription: Subscription, namespace: string, withAliases: boolean) {
  return {
    id: `${subscription.id}/providers/${namespace}`,
    namespace,
    registrationPolicy: "RegistrationRequired",
    registrationState: "Registered",
    resourceTypes: Object.entries(PROVIDERS[namespace] ?? {}).map(([resourceType, apiVersions]) => ({
      resourceType,
      locations: LOCATIONS,
      apiVersions,
      defaultApiVersion: apiVersions.find((version) => !version.endsWith("-preview")),
      ...(withAliases ? { aliases: [{ name: `${namespace}/${resourceType}/sku.name`, paths: [] }] } : {}),
      capabilities:
        "CrossResourceGroupResourceMove, CrossSubscriptionResourceMove, SupportsTags, SupportsLocation",
    })),
  };
}

/** `namespace`: undefined for the list. */
export function providers(
  call: Call,
  origin: string,
  subscription: Subscription,
  namespace: string | undefined,
): Reply {
  if (call.method !== "GET") return notAllowed();
  // "To include property aliases in response, use $expand=resourceTypes/aliases."
  const withAliases = call.url.searchParams.get("$expand")?.includes("resourceTypes/aliases") === true;
  const asked = namespace === undefined ? undefined : named(PROVIDERS, namespace);
  if (asked !== undefined) return json(200, providerOf(subscription, asked[0], withAliases));
  if (namespace !== undefined)
    return apiError(404, "InvalidResourceNamespace", `The resource namespace '${namespace}' is invalid.`);
  const all = Object.keys(PROVIDERS).map((one) => providerOf(subscription, one, withAliases));
  return list(call, origin, all, 3);
}

/** Of a namespace that nobody knows here every type and every date is taken. */
export function refusedVersion(
  namespace: string,
  type: string,
  version: string,
  location: string,
): Reply | undefined {
  const provider = named(PROVIDERS, namespace);
  if (provider === undefined) return undefined;
  const known = named(provider[1], type);
  if (known === undefined)
    return apiError(
      404,
      "InvalidResourceType",
      `The resource type '${type}' could not be found in the namespace '${provider[0]}' for api version '${version}'.`,
    );
  if (known[1].includes(version)) return undefined;
  const places = LOCATIONS.map((place) => place.toLowerCase().replace(" ", "")).join(", ");
  return apiError(
    400,
    "NoRegisteredProviderFound",
    `No registered resource provider found for location '${location}' and API version '${version}' for type ` +
      `'${known[0]}'. The supported api-versions are '${known[1].join(", ")}'. The supported locations are '${places}'.`,
  );
}

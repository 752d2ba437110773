/**
 * Deployments in a resource group: learn.microsoft.com/rest/api/resources/deployments: list by resource group, get, create
 * or update, delete, what-if (2021-04-01, examples/PutDeploymentResourceGroup.json and
 * PostDeploymentWhatIfOnResourceGroup.json of Azure/azure-rest-api-specs). Of a template its resources are taken as they
 * stand: expressions are not evaluated.
 */
import { createHash, randomUUID } from "node:crypto";
import { isRecord } from "../faults.ts";
import { type Call, json, type Reply } from "../http.ts";
import { apiError } from "./api.ts";
import { content, invalidContent, notAllowed } from "./arm-errors.ts";
import { list } from "./arm-lists.ts";
import { begin, FAILURE, provisioned } from "./arm-operations.ts";
import { type Item, indexOf, put } from "./azure.ts";
import type { Subscription } from "./people.ts";
import type { MicrosoftWorld } from "./world.ts";

interface Place {
  readonly subscription: Subscription;
  readonly group: Item;
}

/** `rest`: what stands behind `deployments`: nothing, a name, a name and `whatIf`. */
export function deployments(world: MicrosoftWorld, call: Call, place: Place, rest: readonly string[]): Reply {
  const [name = "", action] = rest;
  const all = world.azure.deployments(place.group.id);
  if (name === "") return call.method === "GET" ? list(call, world.origins.arm, all, 2) : notAllowed();
  if (action?.toLowerCase() === "whatif") return whatIf(world, call, place);
  if (action !== undefined && action !== "") return notAllowed();
  const id = `${place.group.id}/providers/Microsoft.Resources/deployments/${name}`;
  const there = all[indexOf(all, id)];
  if (call.method === "PUT") return create(world, call, place, { id, name });
  if (call.method === "HEAD") return { status: there === undefined ? 404 : 204, body: "" };
  if (there === undefined)
    return apiError(404, "DeploymentNotFound", `Deployment '${name}' could not be found.`);
  if (call.method === "GET") return json(200, there);
  if (call.method !== "DELETE") return notAllowed();
  const finish = () => void all.splice(indexOf(all, id), 1);
  const ends = (): Reply => ({ status: 204, body: "" });
  return begin(world, place.subscription.id, { polling: "Location", finish, result: () => undefined, ends });
}

interface Template {
  readonly mode: "Incremental" | "Complete";
  readonly properties: Record<string, unknown>;
  readonly resources: Item[];
}

const DEFINITION = ["properties", "tags", "location"];
const PROPERTIES = ["template", "templateLink", "parameters", "parametersLink", "mode", "debugSetting"];
const MORE = ["onErrorDeployment", "expressionEvaluationOptions", "whatIfSettings", "validationLevel"];

function templateOf(call: Call, { group }: Place): Template | { refused: Reply } {
  const given = content(call, "DeploymentDefinition", DEFINITION);
  if ("refused" in given) return given;
  const { properties } = given.body;
  const refused = (why: string) => ({ refused: invalidContent(why) });
  if (!isRecord(properties)) return refused("Required property 'properties' not found in JSON. Path ''.");
  const other = Object.keys(properties).find((one) => ![...PROPERTIES, ...MORE].includes(one));
  if (other !== undefined)
    return refused(
      `Could not find member '${other}' on object of type 'DeploymentProperties'. Path 'properties.${other}'.`,
    );
  const { mode, template, templateLink } = properties;
  if (mode !== "Incremental" && mode !== "Complete")
    return refused("Required property 'mode' not found in JSON. Path 'properties'.");
  if (isRecord(template) === isRecord(templateLink))
    return {
      refused: apiError(
        400,
        "InvalidTemplate",
        "Deployment template validation failed: exactly one of 'template' and 'templateLink' is needed.",
      ),
    };
  const written =
    isRecord(template) && Array.isArray(template.resources) ? (template.resources as unknown[]) : [];
  return { mode, properties, resources: written.filter(isRecord).map((one) => resourceOf(one, group)) };
}

/** `Microsoft.Web/sites/slots` and `site/slot` are `…/sites/site/slots/slot`. */
function resourceOf(written: Record<string, unknown>, group: Item): Item {
  const { type, name, location, tags, properties, sku, kind } = written;
  const [namespace = "", ...types] = String(type).split("/");
  const names = String(name).split("/");
  const path = types.map((one, n) => `${one}/${names[n] ?? ""}`).join("/");
  return {
    id: `${group.id}/providers/${namespace}/${path}`,
    name: names.at(-1) ?? "",
    type: String(type),
    location: typeof location === "string" ? location : group.location,
    tags: (isRecord(tags) ? tags : {}) as Record<string, string>,
    ...(isRecord(properties) ? { properties } : {}),
    ...(sku === undefined ? {} : { sku }),
    ...(kind === undefined ? {} : { kind }),
  };
}

const inGroup = (items: readonly Item[], group: Item) =>
  items.filter(({ id }) => id.startsWith(`${group.id}/`));

function create(
  world: MicrosoftWorld,
  call: Call,
  place: Place,
  { id, name }: { readonly id: string; readonly name: string },
): Reply {
  const template = templateOf(call, place);
  if ("refused" in template) return template.refused;
  const { mode, properties, resources } = template;
  const all = world.azure.deployments(place.group.id);
  const made = {
    id,
    name,
    type: "Microsoft.Resources/deployments",
    location: place.group.location,
    tags: {},
    properties: {
      ...(properties.templateLink === undefined ? {} : { templateLink: properties.templateLink }),
      templateHash: hashOf(properties.template),
      parameters: properties.parameters ?? {},
      mode,
      timestamp: new Date(world.now()).toISOString(),
      duration: "PT1S",
      correlationId: randomUUID(),
      providers: [],
      dependencies: [],
    },
  };
  const ended = (state: "Succeeded" | "Failed", more: object) => {
    const item = provisioned(made, state);
    put(all, { ...item, properties: { ...item.properties, ...more } });
  };
  const finish = () => {
    const there = world.azure.resources(place.subscription);
    // What the template does not name is deleted in complete mode (…/templates/deployment-modes).
    if (mode === "Complete")
      for (const old of inGroup(there, place.group))
        if (indexOf(resources, old.id) < 0) there.splice(indexOf(there, old.id), 1);
    for (const item of resources) put(there, provisioned(item, "Succeeded"));
    ended("Succeeded", { outputResources: resources.map((item) => ({ id: item.id })) });
  };
  return begin(world, place.subscription.id, {
    item: provisioned(made, "Accepted"),
    isNew: put(all, provisioned(made, "Accepted")),
    polling: "Azure-AsyncOperation",
    finish,
    failed: () => ended("Failed", { error: FAILURE }),
    result: () => all[indexOf(all, id)],
  });
}

const hashOf = (template: unknown) =>
  BigInt(
    `0x${createHash("sha256")
      .update(JSON.stringify(template ?? null))
      .digest("hex")
      .slice(0, 15)}`,
  ).toString();

/** What is compared of a resource. */
const visible = ({ id, type, name, location, tags, properties = {} }: Item) => {
  const { provisioningState: _, ...rest } = properties;
  return { id, type, name, location, tags, properties: rest };
};

function changesOf(before: readonly Item[], { mode, resources }: Template) {
  const named = resources.map((item) => {
    const old = before[indexOf(before, item.id)];
    const after = visible(item);
    if (old === undefined) return { resourceId: item.id, changeType: "Create", after };
    const delta = deltaOf(visible(old), after);
    const changeType = delta.length === 0 ? "NoChange" : "Modify";
    return {
      resourceId: old.id,
      changeType,
      before: visible(old),
      after,
      ...(delta.length === 0 ? {} : { delta }),
    };
  });
  const others = before
    .filter(({ id }) => indexOf(resources, id) < 0)
    .map((old) => ({
      resourceId: old.id,
      changeType: mode === "Complete" ? "Delete" : "Ignore",
      before: visible(old),
      ...(mode === "Complete" ? {} : { after: visible(old) }),
    }));
  return [...named, ...others];
}

type Change = { path: string; propertyChangeType: string; before?: unknown; after?: unknown };

function deltaOf(before: object, after: object, under = ""): Change[] {
  const [a, b] = [before, after] as Record<string, unknown>[];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name): Change[] => {
    const [old, now, path] = [a?.[name], b?.[name], `${under}${name}`];
    if (isRecord(old) && isRecord(now)) return deltaOf(old, now, `${path}.`);
    if (JSON.stringify(old) === JSON.stringify(now)) return [];
    if (old === undefined) return [{ path, propertyChangeType: "Create", after: now }];
    if (now === undefined) return [{ path, propertyChangeType: "Delete", before: old }];
    return [{ path, propertyChangeType: "Modify", before: old, after: now }];
  });
}

/** "202: Location", then 200 with the changes; nothing is deployed. */
function whatIf(world: MicrosoftWorld, call: Call, place: Place): Reply {
  if (call.method !== "POST") return notAllowed();
  const template = templateOf(call, place);
  if ("refused" in template) return template.refused;
  const ends = () => {
    const before = inGroup(world.azure.resources(place.subscription), place.group);
    const changes = changesOf(before, template);
    return json(200, { status: "Succeeded", properties: { correlationId: randomUUID(), changes } });
  };
  const nothing = { finish: () => {}, result: () => undefined };
  return begin(world, place.subscription.id, { ...nothing, polling: "Location", ends });
}

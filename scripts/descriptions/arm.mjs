/** Azure Resource Manager: what the clients' operations would send and read. */
import { createRequire } from "node:module";
import { join } from "node:path";

const GROUP = "/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}";
const DEPLOYMENTS = `${GROUP}/providers/Microsoft.Resources/deployments/`;
const TAGS = "/{scope}/providers/Microsoft.Resources/tags/default";

const OPERATIONS = new Set([
  "GET /tenants",
  "GET /subscriptions/{subscriptionId}/resourcegroups",
  ...["GET", "PUT", "PATCH", "DELETE"].map((method) => `${method} ${GROUP}`),
  "GET /subscriptions/{subscriptionId}/resources",
  "GET /subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/resources",
  ...["GET", "PUT", "PATCH", "DELETE"].map((method) => `${method} /{resourceId}`),
  "POST /subscriptions/{subscriptionId}/resourceGroups/{sourceResourceGroupName}/moveResources",
  "GET /subscriptions/{subscriptionId}/providers",
  "GET /subscriptions/{subscriptionId}/providers/{resourceProviderNamespace}",
  "GET /subscriptions/{subscriptionId}/tagNames",
  ...["GET", "PUT", "PATCH"].map((method) => `${method} ${TAGS}`),
  `GET ${DEPLOYMENTS}`,
  `GET ${DEPLOYMENTS}{deploymentName}`,
  `PUT ${DEPLOYMENTS}{deploymentName}`,
  `POST ${DEPLOYMENTS}{deploymentName}/whatIf`,
  "GET /{scope}/providers/Microsoft.Authorization/roleAssignments",
  "POST /providers/Microsoft.ResourceGraph/resources",
]);

/** Every request specification of a client, told by what its methods hand to it; none of them is sent. */
function specificationsOf(client) {
  const found = [];
  let begun = false;
  client.sendOperationRequest = (_arguments, specification) => {
    found.push({ specification, longRunning: begun });
    return new Promise(() => {});
  };
  const call = (target, name) => {
    begun = name.startsWith("begin");
    // An asynchronous generator does nothing yet; its page method (`_list`) is asked for itself.
    try {
      Promise.resolve(target[name]("a", "b", "c", "d", "e", "f")).catch(() => {});
    } catch {
      // A method that wants other arguments: what it would have sent is missed, and told below.
    }
  };
  const methods = (target) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(target)).filter(
      (name) => name !== "constructor" && typeof target[name] === "function",
    );
  for (const group of [client, ...Object.values(client)].filter(
    (one) => typeof one?.constructor === "function",
  ))
    if (group === client || group.client === client) for (const name of methods(group)) call(group, name);
  return found;
}

const WORDS = {
  String: "string",
  Uuid: "string",
  Enum: "string",
  Date: "string",
  DateTime: "string",
  TimeSpan: "string",
  Base64Url: "string",
  ByteArray: "string",
  Number: "number",
  Boolean: "boolean",
  Object: "object",
  any: "anything",
};

/** Collects the schemas under the names that their classes have. */
class Schemas {
  collected = {};
  mappers = {};
  /** Whose a name is: two packages may have different classes of one name. */
  owners = {};

  word({ type }) {
    if (type.name === "Sequence") return `array of ${this.word(type.element)}`;
    if (type.name === "Dictionary") return `map of ${this.word(type.value)}`;
    if (type.name === "Composite") return this.named(type.className);
    const word = WORDS[type.name];
    if (word === undefined) throw new Error(`no word for the type ${type.name}`);
    return word;
  }

  /** With the members of the classes above it. */
  propertiesOf(mapper) {
    const above = mapper.type.uberParent === undefined ? undefined : this.mappers[mapper.type.uberParent];
    return {
      ...(above !== undefined && above !== mapper ? above.type.modelProperties : {}),
      ...mapper.type.modelProperties,
    };
  }

  named(name) {
    if (this.owners[name] === this.mappers) return name;
    if (this.owners[name] !== undefined) throw new Error(`two packages have a class ${name}`);
    this.owners[name] = this.mappers;
    const mapper = this.mappers[name];
    if (mapper === undefined) throw new Error(`no mapper ${name}`);
    this.collected[name] = { members: {} };
    for (const property of Object.values(this.propertiesOf(mapper))) this.add(name, property);
    if (mapper.type.additionalProperties !== undefined) this.collected[name].open = true;
    return name;
  }

  /** The clients flatten `properties`: its members are called `properties.…`, with `\\.` for a dot of a name. */
  add(name, property) {
    const steps = (property.serializedName ?? "")
      .split(/(?<!\\)\./)
      .map((step) => step.replaceAll("\\.", "."));
    let schema = this.collected[name];
    let path = name;
    for (const step of steps.slice(0, -1)) {
      path = `${path}.${step}`;
      schema.members[step] ??= path;
      this.collected[path] ??= { members: {} };
      schema = this.collected[path];
    }
    const last = steps.at(-1);
    schema.members[last] = this.word(property);
    if (property.required) schema.required = [...(schema.required ?? []), last];
    if (property.readOnly) schema.readOnly = [...(schema.readOnly ?? []), last];
  }
}

/** A page has its elements under the name "" or `value`. */
function answerOf(mapper, schemas) {
  if (mapper === undefined) return null;
  const page = mapper.type.modelProperties?.value;
  if (page?.type.name === "Sequence") {
    const name = schemas.named(mapper.type.className);
    const [, of] = /^array of (.*)$/.exec(schemas.collected[name].members.value) ?? [];
    return { list: "value", of, schema: name };
  }
  return { schema: schemas.word(mapper) };
}

const namesOf = (parameters = []) => parameters.map(({ mapper }) => mapper.serializedName);

function operationOf({ specification, longRunning }, schemas, from) {
  const {
    httpMethod,
    path,
    queryParameters = [],
    headerParameters = [],
    requestBody,
    responses,
  } = specification;
  const version = queryParameters.find(({ mapper }) => mapper.serializedName === "api-version")?.mapper;
  const headers = namesOf(headerParameters).filter(
    (name) => !["accept", "content-type", "accept-language"].includes(name.toLowerCase()),
  );
  return {
    api: "arm",
    source: from.source,
    method: httpMethod,
    path: path.startsWith("/") ? path : `/${path}`,
    apiVersions: [version?.defaultValue ?? from.version],
    query: namesOf(queryParameters),
    ...(headers.length > 0 ? { headers } : {}),
    ...(requestBody === undefined ? {} : { body: { schema: schemas.word(requestBody.mapper) } }),
    answers: Object.fromEntries(
      Object.entries(responses)
        .filter(([status]) => status !== "default")
        .map(([status, { bodyMapper }]) => [status, answerOf(bodyMapper, schemas)]),
    ),
    ...(longRunning ? { longRunning: true } : {}),
  };
}

/** Of all that a client can ask for, what OPERATIONS names. */
function operationsOf(client, source, schemas) {
  const operations = specificationsOf(client).map((found) => {
    schemas.mappers = found.specification.serializer.modelMappers;
    const { httpMethod, path } = found.specification;
    const name = `${httpMethod} ${path.startsWith("/") ? path : `/${path}`}`;
    return OPERATIONS.has(name)
      ? operationOf(found, schemas, { source, version: client.apiVersion })
      : undefined;
  });
  const seen = new Set();
  return operations.filter((operation) => {
    const name = `${operation?.method} ${operation?.path}`;
    if (operation === undefined || seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}

export function armDescriptions(folder, source) {
  const require = createRequire(join(folder, "package.json"));
  const credential = { getToken: async () => null, signRequest: async (request) => request };
  const schemas = new Schemas();
  const operations = [
    ["@azure/arm-resources", "ResourceManagementClient", "subscription"],
    ["@azure/arm-resources-subscriptions", "SubscriptionClient"],
    ["@azure/arm-authorization", "AuthorizationManagementClient", "subscription"],
    ["@azure/arm-resourcegraph", "ResourceGraphClient"],
  ].flatMap(([name, client, ...more]) =>
    operationsOf(new (require(name)[client])(credential, ...more), source(name), schemas),
  );
  const missing = [...OPERATIONS].filter(
    (name) => !operations.some(({ method, path }) => `${method} ${path}` === name),
  );
  if (missing.length > 0) throw new Error(`not described: ${missing.join(", ")}`);
  return { operations, schemas: schemas.collected };
}

/** Microsoft Graph: paths and options from one package, members of bodies and answers from the SDK's models. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Of each operation the module of the first package and that of the SDK, below the folder of its package. */
const USER = "msgraph-sdk-users/users/item";
const TEAM = "msgraph-sdk-teams/teams/item";
const OPERATIONS = [
  ["GET /me", "me", USER],
  ["GET /users", "users", "msgraph-sdk-users/users"],
  ["GET /users/{user-id}", "users", USER],
  ["GET /me/messages", "me/messages", `${USER}/messages`],
  [
    "GET /me/mailFolders/{mailFolder-id}/messages",
    "me/mailFolders/messages",
    `${USER}/mailFolders/item/messages`,
  ],
  ["GET /me/messages/{message-id}", "me/messages", `${USER}/messages/item`],
  ["POST /me/sendMail", "me", `${USER}/sendMail`],
  ...["reply", "replyAll", "forward", "move"].map((action) => [
    `POST /me/messages/{message-id}/${action}`,
    "me/messages",
    `${USER}/messages/item/${action}`,
  ]),
  [
    "GET /me/messages/{message-id}/attachments",
    "me/messages/attachments",
    `${USER}/messages/item/attachments`,
  ],
  [
    "GET /me/messages/{message-id}/attachments/{attachment-id}",
    "me/messages/attachments",
    `${USER}/messages/item/attachments/item`,
  ],
  ["POST /me/messages", "me/messages", `${USER}/messages`],
  ...["PATCH", "DELETE"].map((method) => [
    `${method} /me/messages/{message-id}`,
    "me/messages",
    `${USER}/messages/item`,
  ]),
  ["POST /me/messages/{message-id}/send", "me/messages", `${USER}/messages/item/send`],
  ...["GET", "POST"].map((method) => [
    `${method} /me/calendars/{calendar-id}/events`,
    "me/calendars/events",
    `${USER}/calendars/item/events`,
  ]),
  ["GET /me/calendars/{calendar-id}/calendarView", "me/calendars", `${USER}/calendars/item/calendarView`],
  ["GET /me/mailFolders", "me/mailFolders", `${USER}/mailFolders`],
  ["GET /me/calendars", "me/calendars", `${USER}/calendars`],
  ["GET /me/calendar/events", "me/calendar/events", `${USER}/calendar/events`],
  ["POST /me/calendar/events", "me/calendar/events", `${USER}/calendar/events`],
  ["GET /me/calendarView", "me", `${USER}/calendarView`],
  ...["GET", "PATCH", "DELETE"].map((method) => [
    `${method} /me/events/{event-id}`,
    "me/events",
    `${USER}/events/item`,
  ]),
  ["POST /me/calendar/getSchedule", "me/calendar", `${USER}/calendar/getSchedule`],
  ["GET /me/contacts", "me/contacts", `${USER}/contacts`],
  ["GET /me/joinedTeams", "me/joinedTeams", `${USER}/joinedTeams`],
  ["GET /teams/{team-id}/channels", "teams/channels", `${TEAM}/channels`],
  ...["GET", "POST"].map((method) => [
    `${method} /teams/{team-id}/channels/{channel-id}/messages`,
    "teams/channels/messages",
    `${TEAM}/channels/item/messages`,
  ]),
  ["GET /sites", "sites", "msgraph-sdk-sites/sites"],
  ["GET /sites/{site-id}", "sites", "msgraph-sdk-sites/sites/item"],
  // No package of the SDK has these: the models that they answer with are named here.
  ["GET /groups", "groups", { list: "Group" }],
  ["GET /groups/{group-id}", "groups", { one: "Group" }],
  ["GET /groups/{group-id}/members", "groups", { list: "DirectoryObject" }],
  ["GET /drives/{drive-id}/root", "drives/root", { one: "DriveItem" }],
  ["GET /drives/{drive-id}/items/{driveItem-id}", "drives/items", { one: "DriveItem" }],
  ["GET /drives/{drive-id}/items/{driveItem-id}/children", "drives/items/children", { list: "DriveItem" }],
];

/** Every request that a module's functions make, by method and path. */
function requestsOf(module, found = new Map(), depth = 0) {
  for (const value of Object.values(module)) {
    if (typeof value === "function") {
      const { method, path, paramDefs = {} } = value({}, {});
      const { query = [], header = [] } = paramDefs;
      found.set(`${method.toUpperCase()} ${path}`, { method: method.toUpperCase(), path, query, header });
    } else if (typeof value === "object" && depth < 2) requestsOf(value, found, depth + 1);
  }
  return found;
}

/** What a reader of the SDK asks a node for, and the word that stands for it here. */
const WORDS = {
  getStringValue: "string",
  getGuidValue: "string",
  getDateValue: "string",
  getDateOnlyValue: "string",
  getTimeOnlyValue: "string",
  getDurationValue: "string",
  getByteArrayValue: "string",
  getEnumValue: "string",
  getNumberValue: "number",
  getBooleanValue: "boolean",
  getCollectionOfEnumValues: "array of string",
  getUntypedNode: "anything",
};

const PREFIX = "deserializeInto";
const noType = { getChildNode: () => undefined };
/** In the text of a reader: that of the type above it. */
const ABOVE = /Object\.assign\(Object\.assign\(\{\}, (deserializeInto\w+)\(/;

class Schemas {
  collected = {};

  constructor(models) {
    this.models = models;
  }

  /** The members that a reader knows, each with what it asks its node for. */
  membersOf(reader) {
    const members = {};
    for (const [name, read] of Object.entries(reader({}))) {
      const asked = [];
      const node = new Proxy({}, { get: (_, method) => (argument) => void asked.push({ method, argument }) });
      read(node);
      // `backingStoreEnabled` is the SDK's own and asks for nothing.
      if (asked.length > 0) members[name] = asked[0];
    }
    return members;
  }

  readerOf(factory) {
    return factory(noType);
  }

  isEntity(reader) {
    const [, above] = ABOVE.exec(String(reader)) ?? [];
    if (above === undefined) return false;
    return above === `${PREFIX}Entity` || this.isEntity(this.models[above]);
  }

  word({ method, argument }, inside) {
    if (method === "getObjectValue") return this.named(this.readerOf(argument), inside);
    if (method === "getCollectionOfObjectValues")
      return `array of ${this.named(this.readerOf(argument), inside)}`;
    if (method === "getCollectionOfPrimitiveValues") return `array of ${argument ?? "string"}`;
    const word = WORDS[method];
    if (word === undefined) throw new Error(`no word for ${method}`);
    return word;
  }

  /**
   * Complex types are followed wherever they lead. An entity within another one is a relation: most of Graph can be
   * reached over those, so it is told as `object`, unless it is of an answer or a body.
   */
  named(reader, inside = false) {
    const name = reader.name.slice(PREFIX.length);
    if (this.collected[name] !== undefined) return name;
    const members = this.membersOf(reader);
    const entity = this.isEntity(reader);
    if (inside && entity) return "object";
    this.collected[name] = { members: {} };
    for (const [member, asked] of Object.entries(members))
      this.collected[name].members[member] = this.word(asked, entity || inside);
    return name;
  }
}

function answerOf(request, schemas) {
  if (request.responseBodyFactory === undefined) return null;
  return shapeOf(schemas.readerOf(request.responseBodyFactory), schemas);
}

function shapeOf(reader, schemas) {
  const { value } = schemas.membersOf(reader);
  if (value?.method !== "getCollectionOfObjectValues") return { schema: schemas.named(reader) };
  return {
    list: "value",
    of: schemas.named(schemas.readerOf(value.argument)),
    schema: schemas.named(reader),
  };
}

/** The reader of what a serializer writes lies beside it, or among the models. */
function bodyOf(request, module, schemas) {
  if (request.requestBodySerializer === undefined) return {};
  const name = request.requestBodySerializer.name.replace(/^serialize/, PREFIX);
  return { body: { schema: schemas.named(module[name] ?? schemas.models[name]) } };
}

async function describe(from, schemas, load) {
  const { models } = schemas;
  if (typeof from === "object") {
    const name = from.list ?? from.one;
    const reader = models[`${PREFIX}${name}${from.list === undefined ? "" : "CollectionResponse"}`];
    return () => ({ answers: { "2XX": shapeOf(reader, schemas) } });
  }
  const module = await load(from);
  const [, requests] = Object.entries(module).find(([name]) => name.endsWith("RequestsMetadata")) ?? [];
  return (method) => {
    const request = requests[method.toLowerCase()];
    return { ...bodyOf(request, module, schemas), answers: { "2XX": answerOf(request, schemas) } };
  };
}

export async function graphDescriptions(folder, source) {
  const packages = join(folder, "node_modules/@microsoft");
  const load = (path) => import(pathToFileURL(join(packages, path, "index.js")));
  const endpoints = "teams.graph-endpoints/dist";
  const loadEndpoints = (path) => import(pathToFileURL(join(packages, endpoints, path, "index.mjs")));
  const schemas = new Schemas(await load("msgraph-sdk/models"));
  const operations = [];
  for (const [name, endpoint, from] of OPERATIONS) {
    const request = requestsOf(await loadEndpoints(endpoint)).get(name);
    if (request === undefined) throw new Error(`not described: ${name}`);
    const { method, path, query, header } = request;
    const told = typeof from === "string" ? `@microsoft/${from.split("/")[0]}` : "@microsoft/msgraph-sdk";
    operations.push({
      api: "graph",
      source: `${source("@microsoft/teams.graph-endpoints")}; ${source(told)}`,
      method,
      path: `/v1.0${path}`,
      query,
      ...(header.length > 0 ? { headers: header } : {}),
      ...(await describe(from, schemas, load))(method),
    });
  }
  return { operations, schemas: schemas.collected };
}

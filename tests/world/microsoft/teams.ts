/**
 * Graph's teams: learn.microsoft.com/graph/api/user-list-joinedteams, channel-list, channel-list-messages,
 * channel-post-messages (which also has what is answered). The refusals read as in pnp/cli-microsoft365
 * (`No team found with Group Id`) and in reports of "Missing scope permissions on the request".
 */
import { createHash } from "node:crypto";
import { isRecord } from "../faults.ts";
import { json, type Reply } from "../http.ts";
import { apiError, nextLink, slice, wholeNumber } from "./api.ts";
import { groupsOfTenant, isMember } from "./groups.ts";
import { selected } from "./odata.ts";
import { CHAT_MESSAGE, payload } from "./payload.ts";
import { displayName, type Person } from "./people.ts";
import { type Asked, holds, methodNotAllowed } from "./topic.ts";

const GROUPS = ["Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
const MAY = {
  joined: ["Team.ReadBasic.All", "TeamSettings.Read.All", "TeamSettings.ReadWrite.All", ...GROUPS],
  channels: ["Channel.ReadBasic.All", "ChannelSettings.Read.All", "ChannelSettings.ReadWrite.All", ...GROUPS],
  messages: ["ChannelMessage.Read.All", "Group.Read.All", "Group.ReadWrite.All"],
  send: ["ChannelMessage.Send", "Group.ReadWrite.All"],
};

const CHANNELS = ["General", "Releases", "Random"] as const;

export interface ChatMessage {
  readonly id: string;
  readonly [member: string]: unknown;
}

/** What was written in channels: by the channel's id. */
export class Channels {
  readonly #messages = new Map<string, ChatMessage[]>();

  /** Newest first. */
  messages(channel: string, first: () => ChatMessage[]): ChatMessage[] {
    const known = this.#messages.get(channel) ?? first();
    this.#messages.set(channel, known);
    return known;
  }
}

/** As those of threads look: `19:…@thread.tacv2`. */
function channelsOf(team: string) {
  return CHANNELS.map((name) => ({
    id: `19:${createHash("sha256").update(`${team} ${name}`).digest("hex").slice(0, 32)}@thread.tacv2`,
    createdDateTime: "2025-11-03T09:00:00Z",
    displayName: name,
    description: name === "General" ? null : `${name} of the team`,
    email: "",
    isFavoriteByDefault: null,
    membershipType: "standard",
    tenantId: null,
    webUrl: `https://teams.example.com/l/channel/${encodeURIComponent(name)}?groupId=${team}`,
  }));
}

export function teams(asked: Asked): Reply | undefined {
  const [first, second, third, channel, fifth, ...rest] = asked.segments;
  const { call, world } = asked;
  const origin = `${world.origins.graph}/v1.0/$metadata#`;
  if (first === "me" && second === "joinedTeams" && third === undefined) {
    const reply = () =>
      selected(call, json(200, { "@odata.context": `${origin}teams`, ...counted(joined(asked)) }));
    return call.method === "GET" ? permitted(asked, MAY.joined, reply) : methodNotAllowed("GET");
  }
  if (first !== "teams" || second === undefined || third !== "channels" || rest.length > 0) return undefined;
  if (fifth !== undefined && fifth !== "messages") return undefined;
  const found = () => joined(asked).find(({ id }) => id === second.toLowerCase());
  const missing = () => apiError(404, "ItemNotFound", `No team found with Group Id ${second}`);
  if (channel === undefined) {
    const context = `${origin}teams('${second}')/channels`;
    const reply = () =>
      found() === undefined
        ? missing()
        : selected(call, json(200, { "@odata.context": context, ...counted(channelsOf(second)) }));
    return call.method === "GET" ? permitted(asked, MAY.channels, reply) : methodNotAllowed("GET");
  }
  if (fifth === undefined) return undefined;
  const inside = (reply: (of: Place) => Reply) => () => {
    if (found() === undefined) return missing();
    const known = channelsOf(second).some(({ id }) => id === channel);
    return known ? reply({ team: second, channel }) : apiError(404, "NotFound", "The channel was not found.");
  };
  if (call.method === "GET")
    return permitted(
      asked,
      MAY.messages,
      inside((of) => list(asked, of)),
    );
  if (call.method === "POST")
    return permitted(
      asked,
      MAY.send,
      inside((of) => write(asked, of)),
    );
  return methodNotAllowed("GET and POST");
}

interface Place {
  readonly team: string;
  readonly channel: string;
}

const counted = (value: readonly unknown[]) => ({ "@odata.count": value.length, value });

function permitted({ token }: Asked, may: readonly string[], reply: () => Reply): Reply {
  if (holds(token, may)) return reply();
  return apiError(
    403,
    "Forbidden",
    `Missing scope permissions on the request. API requires one of '${may.join(", ")}'. ` +
      `Scopes on the request '${token.scopes.join(", ")}'`,
  );
}

function joined(asked: Asked) {
  const tid = asked.token.tid ?? asked.person.tid;
  return groupsOfTenant(tid)
    .filter(
      ({ id, resourceProvisioningOptions }) =>
        resourceProvisioningOptions.length > 0 && isMember(asked, asked.person, tid, id),
    )
    .map(({ id, displayName: name, description, visibility }) => ({
      id,
      displayName: name,
      description,
      isArchived: false,
      tenantId: tid,
      visibility: visibility.toLowerCase(),
    }));
}

const START = Date.UTC(2026, 0, 5, 9);

function messageOf(
  who: Person,
  { team, channel }: Place,
  at: number,
  more: Record<string, unknown>,
): ChatMessage {
  const time = new Date(at).toISOString();
  return {
    id: String(at),
    replyToId: null,
    etag: String(at),
    messageType: "message",
    createdDateTime: time,
    lastModifiedDateTime: time,
    lastEditedDateTime: null,
    deletedDateTime: null,
    subject: null,
    summary: null,
    chatId: null,
    importance: "normal",
    locale: "en-us",
    policyViolation: null,
    eventDetail: null,
    attachments: [],
    mentions: [],
    reactions: [],
    ...more,
    webUrl: `https://teams.example.com/l/message/${encodeURIComponent(channel)}/${at}?groupId=${team}`,
    from: {
      application: null,
      device: null,
      conversation: null,
      user: { id: who.oid, displayName: displayName(who), userIdentityType: "aadUser" },
    },
    channelIdentity: { teamId: team, channelId: channel },
  };
}

const messagesIn = ({ world, person }: Asked, place: Place) =>
  world.channels.messages(place.channel, () =>
    Array.from({ length: 25 }, (_, n) =>
      messageOf(person, place, START - n * 60_000, {
        body: { contentType: "text", content: `Message ${n}` },
      }),
    ),
  );

const contextOf = ({ world }: Asked, { team, channel }: Place) =>
  `${world.origins.graph}/v1.0/$metadata#teams('${team}')/channels('${encodeURIComponent(channel)}')/messages`;

/** 20 a page unless told, 50 at most (channel-list-messages). */
function list(asked: Asked, place: Place): Reply {
  const query = asked.call.url.searchParams;
  const top = wholeNumber(query.get("$top"), 20, 1, 50);
  const from = wholeNumber(query.get("$skiptoken")?.replace(/^page_/, "") ?? null, 0, 0, 999_999);
  if (top === undefined || from === undefined)
    return apiError(
      400,
      "BadRequest",
      "Invalid value for $top or $skiptoken: at most 50 messages are a page.",
    );
  const { items, next } = slice(messagesIn(asked, place), from, top);
  const link =
    next === undefined
      ? {}
      : { "@odata.nextLink": nextLink(asked.call, asked.world.origins.graph, "$skiptoken", `page_${next}`) };
  return json(200, { "@odata.context": contextOf(asked, place), ...counted(items), ...link });
}

function write(asked: Asked, place: Place): Reply {
  const given = payload(asked.call, CHAT_MESSAGE);
  if ("refused" in given) return given.refused;
  const { body } = given.body;
  if (!isRecord(body) || typeof body.content !== "string")
    return apiError(400, "BadRequest", "Missing body content.");
  const all = messagesIn(asked, place);
  // The id is a time, of which no two are the same in a channel.
  const at = Math.max(asked.world.now(), Number(all[0]?.id ?? 0) + 1);
  const more = { ...given.body, body: { contentType: body.contentType ?? "text", content: body.content } };
  const message = messageOf(asked.person, place, Math.trunc(at), more);
  all.unshift(message);
  return json(201, { "@odata.context": `${contextOf(asked, place)}/$entity`, ...message });
}

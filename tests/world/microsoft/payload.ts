/**
 * Bodies as Graph reads them. Unknown members are refused: `RequestBodyRead` and its text as in
 * microsoftgraph/msgraph-sdk-dotnet#450 and msgraph-sdk-python#440, a value of another kind as in
 * microsoftgraph/microsoft-graph-docs#138, parameters of actions as Microsoft.OData.Core words them.
 */
import { isRecord } from "../faults.ts";
import type { Call, Reply } from "../http.ts";
import { apiError, bodyOf } from "./api.ts";

/** The members of a type: another type, a list of it, or any value. */
export interface Shape {
  readonly type: string;
  readonly members: Readonly<Record<string, Shape | readonly [Shape] | "any">>;
}

const any = (...names: string[]) => Object.fromEntries(names.map((name) => [name, "any" as const]));

const EMAIL_ADDRESS: Shape = { type: "microsoft.graph.emailAddress", members: any("name", "address") };
const BODY: Shape = { type: "microsoft.graph.itemBody", members: any("content", "contentType") };
const TIME: Shape = { type: "microsoft.graph.dateTimeTimeZone", members: any("dateTime", "timeZone") };

export const RECIPIENT: Shape = {
  type: "microsoft.graph.recipient",
  members: { emailAddress: EMAIL_ADDRESS },
};

const ATTACHMENT: Shape = {
  type: "microsoft.graph.attachment",
  members: any("name", "contentType", "contentBytes", "contentId", "contentLocation", "isInline", "size"),
};

/** learn.microsoft.com/graph/api/resources/message, what clients write. */
export const MESSAGE: Shape = {
  type: "microsoft.graph.message",
  members: {
    body: BODY,
    from: RECIPIENT,
    sender: RECIPIENT,
    toRecipients: [RECIPIENT],
    ccRecipients: [RECIPIENT],
    bccRecipients: [RECIPIENT],
    replyTo: [RECIPIENT],
    attachments: [ATTACHMENT],
    ...any("id", "subject", "importance", "categories", "flag", "inferenceClassification", "isRead"),
    ...any("internetMessageHeaders", "internetMessageId", "isDeliveryReceiptRequested"),
    ...any("isReadReceiptRequested", "singleValueExtendedProperties", "multiValueExtendedProperties"),
  },
};

const ATTENDEE: Shape = {
  type: "microsoft.graph.attendee",
  members: { emailAddress: EMAIL_ADDRESS, ...any("type", "status", "proposedNewTime") },
};

/** learn.microsoft.com/graph/api/resources/event, what clients write. */
export const EVENT: Shape = {
  type: "microsoft.graph.event",
  members: {
    body: BODY,
    start: TIME,
    end: TIME,
    attendees: [ATTENDEE],
    ...any("subject", "location", "locations", "isAllDay", "importance", "sensitivity", "showAs"),
    ...any("categories", "recurrence", "isReminderOn", "reminderMinutesBeforeStart", "responseRequested"),
    ...any("allowNewTimeProposals", "isOnlineMeeting", "onlineMeetingProvider", "hideAttendees"),
    ...any("transactionId", "singleValueExtendedProperties", "multiValueExtendedProperties"),
  },
};

/** learn.microsoft.com/graph/api/resources/chatmessage, what clients write. */
export const CHAT_MESSAGE: Shape = {
  type: "microsoft.graph.chatMessage",
  members: {
    body: BODY,
    ...any("subject", "summary", "importance", "attachments", "mentions", "hostedContents"),
  },
};

/** Parameters of an action: sendMail, reply, replyAll, forward, move, getSchedule. */
export const action = (name: string, members: Shape["members"]): Shape => ({ type: name, members });
export const SCHEDULE = action("getSchedule", {
  startTime: TIME,
  endTime: TIME,
  ...any("schedules", "availabilityViewInterval"),
});
export const WHOLE_MESSAGE = MESSAGE;

export const ACTIONS = {
  sendMail: action("sendMail", { message: MESSAGE, ...any("saveToSentItems") }),
  reply: action("reply", { message: MESSAGE, ...any("comment") }),
  replyAll: action("replyAll", { message: MESSAGE, ...any("comment") }),
  forward: action("forward", { message: MESSAGE, toRecipients: [RECIPIENT], ...any("comment") }),
  move: action("move", any("destinationId")),
} as const;

const refusal = (code: string, text: string) => apiError(400, code, text);

function unknownMember(name: string, { type }: Shape): Reply {
  return type.startsWith("microsoft.graph.")
    ? refusal(
        "RequestBodyRead",
        `The property '${name}' does not exist on type '${type}'. Make sure to only use property names that are ` +
          "defined by the type or mark the type as open type.",
      )
    : refusal(
        "RequestBodyRead",
        `The parameter '${name}' in the request payload is not a valid parameter for the operation '${type}'.`,
      );
}

/** Names of an action's parameters are read in any case: the documentation itself writes `Message` and `message`. */
function memberOf(name: string, { type, members }: Shape): string | undefined {
  if (Object.hasOwn(members, name)) return name;
  if (type.startsWith("microsoft.graph.")) return undefined;
  return Object.keys(members).find((one) => one.toLowerCase() === name.toLowerCase());
}

type Value = Record<string, unknown>;

class Refused {
  readonly reply: Reply;
  constructor(reply: Reply) {
    this.reply = reply;
  }
}

function checked(value: Value, shape: Shape): Value | Refused {
  const kept: Value = {};
  for (const [name, one] of Object.entries(value)) {
    // Annotations say what a value is, and are none.
    if (name.includes("@")) {
      kept[name] = one;
      continue;
    }
    const known = memberOf(name, shape);
    const of = known === undefined ? undefined : shape.members[known];
    if (known === undefined || of === undefined) return new Refused(unknownMember(name, shape));
    kept[known] = one;
    if (of === "any" || one === null) continue;
    const isList = Array.isArray(of);
    const items: unknown[] | undefined = isList ? (Array.isArray(one) ? one : undefined) : [one];
    const inner = (isList ? of[0] : of) as Shape;
    if (items === undefined || !items.every(isRecord))
      return new Refused(
        refusal("BadRequest", `Property ${name} in payload has a value that does not match schema.`),
      );
    for (const item of items) {
      const below = checked(item as Value, inner);
      if (below instanceof Refused) return below;
    }
  }
  return kept;
}

/** The body, or how it is refused. */
export function payload(call: Call, shape: Shape): { body: Value } | { refused: Reply } {
  const body = bodyOf(call);
  if (body === undefined)
    return {
      refused: refusal("BadRequest", "Unable to read JSON request payload. Please ensure it is valid."),
    };
  const value = checked(body, shape);
  return value instanceof Refused ? { refused: value.reply } : { body: value };
}

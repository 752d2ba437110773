/** What lies in people's calendars. Each world has calendars of its own; tags change with every write. */
import { randomUUID } from "node:crypto";
import { type CalendarEvent, displayName, eventsOf, type Person } from "./people.ts";
import { exchangeId } from "./topic.ts";

export interface EventItem extends CalendarEvent {
  readonly "@odata.etag": string;
  readonly showAs: string;
  readonly [member: string]: unknown;
}

/** As the list of calendars has them (learn.microsoft.com/graph/api/resources/calendar); the first is the default. */
const CALENDARS = ["Calendar", "Birthdays"] as const;

const tagOf = (id: string, version: number) => {
  const changeKey = exchangeId(`${id} ${version}`, "DwAAAB").slice(0, 32);
  return { "@odata.etag": `W/"${changeKey}"`, changeKey };
};

export class Agenda {
  readonly #owner: Person;
  /** `calendar`: an id; undefined: the default one. */
  readonly #events: { item: EventItem; version: number; calendar?: string | undefined }[];

  constructor(owner: Person) {
    this.#owner = owner;
    this.#events = eventsOf(owner).map((event) => ({
      item: { ...filled(event.id, owner), ...event, ...tagOf(event.id, 1) },
      version: 1,
    }));
  }

  calendars() {
    const { email } = this.#owner;
    return CALENDARS.map((name, n) => ({
      id: exchangeId(`calendar ${name} of ${email}`),
      name,
      color: "auto",
      hexColor: "",
      isDefaultCalendar: n === 0,
      isRemovable: n > 0,
      canEdit: n === 0,
      canShare: n === 0,
      canViewPrivateItems: true,
      changeKey: exchangeId(`change key of ${name} of ${email}`, "DwAAAB").slice(0, 32),
      owner: { name: displayName(this.#owner), address: email },
    }));
  }

  /** Of one calendar; of the default one where none is named. */
  all(calendar?: string): EventItem[] {
    return this.#events.filter((one) => one.calendar === this.#named(calendar)).map(({ item }) => item);
  }

  #named(calendar: string | undefined): string | undefined {
    return this.calendars().some(({ id, isDefaultCalendar }) => isDefaultCalendar && id === calendar)
      ? undefined
      : calendar;
  }

  find(id: string): EventItem | undefined {
    return this.#events.find(({ item }) => item.id === id)?.item;
  }

  add(event: Pick<CalendarEvent, "start" | "end">, calendar?: string): EventItem {
    const id = exchangeId(randomUUID());
    const item = { ...filled(id, this.#owner), ...event, id, ...tagOf(id, 1) };
    this.#events.push({ item, version: 1, calendar: this.#named(calendar) });
    return item;
  }

  change(id: string, members: Record<string, unknown>): EventItem | undefined {
    const there = this.#events.find(({ item }) => item.id === id);
    if (there === undefined) return undefined;
    there.version += 1;
    there.item = { ...there.item, ...members, id, ...tagOf(id, there.version) };
    return there.item;
  }

  remove(id: string): void {
    const at = this.#events.findIndex(({ item }) => item.id === id);
    if (at >= 0) this.#events.splice(at, 1);
  }
}

/** The members that every event has. */
const filled = (id: string, owner: Person) => ({
  id,
  subject: "",
  bodyPreview: "",
  body: { contentType: "html", content: "" },
  isAllDay: false,
  isCancelled: false,
  isOrganizer: true,
  importance: "normal",
  sensitivity: "normal",
  showAs: "busy",
  type: "singleInstance",
  recurrence: null,
  iCalUId: exchangeId(`series of ${id}`, "040000"),
  location: { displayName: "" },
  attendees: [] as unknown[],
  categories: [] as string[],
  organizer: { emailAddress: { name: displayName(owner), address: owner.email } },
  responseStatus: { response: "organizer", time: "0001-01-01T00:00:00Z" },
  webLink: `https://outlook.example.com/owa/?itemid=${encodeURIComponent(id)}`,
});

export class Agendas {
  readonly #all = new Map<Person, Agenda>();

  of(who: Person): Agenda {
    const known = this.#all.get(who) ?? new Agenda(who);
    this.#all.set(who, known);
    return known;
  }
}

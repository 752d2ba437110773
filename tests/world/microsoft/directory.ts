/** The users of each directory, as an administrator sees them: the people who sign in, and others who never do. */
import { CONSUMERS, displayName, oidOf, PEOPLE } from "./people.ts";

export interface User {
  readonly id: string;
  displayName: string;
  givenName: string | null;
  surname: string | null;
  userPrincipalName: string;
  mail: string | null;
  jobTitle: string | null;
  mobilePhone: string | null;
  officeLocation: string | null;
  preferredLanguage: string | null;
  businessPhones: string[];
}

/** So many that a list has several pages, whatever clients ask for. */
const OTHERS = 230;

export class Directory {
  readonly #users = new Map<string, User[]>();

  /** Of one directory, oldest first. Personal accounts have none in common. */
  usersOf(tid: string): User[] {
    const known = this.#users.get(tid);
    if (known !== undefined) return known;
    const people = tid === CONSUMERS ? [] : PEOPLE.filter((who) => who.tid === tid);
    const domain = people[0]?.domain ?? "";
    const made = people.map((who) => userOf(who.oid, displayName(who), who.email));
    for (let n = 0; n < OTHERS && domain !== ""; n += 1) {
      const name = `user-${n}@${domain}`;
      made.push(userOf(oidOf(name), `User ${n}`, name));
    }
    this.#users.set(tid, made);
    return made;
  }

  /** By id or by user principal name. */
  find(tid: string, name: string): User | undefined {
    const wanted = name.toLowerCase();
    return this.usersOf(tid).find(
      (user) => user.id === wanted || user.userPrincipalName.toLowerCase() === wanted,
    );
  }

  remove(tid: string, user: User): void {
    const users = this.usersOf(tid);
    users.splice(users.indexOf(user), 1);
  }
}

export function userOf(id: string, name: string, principal: string): User {
  const [given = null, family = null] = name.split(" ");
  return {
    id,
    displayName: name,
    givenName: given,
    surname: family,
    userPrincipalName: principal,
    mail: principal,
    jobTitle: null,
    mobilePhone: null,
    officeLocation: null,
    preferredLanguage: null,
    businessPhones: [],
  };
}

/** Who has an account at the emulated Google: two in a Workspace, one of their own. */
export interface Person {
  readonly email: string;
  readonly givenName: string;
  readonly familyName: string;
  /** The account's id, the same in every run: the emulator invents a new one at each start. */
  readonly sub: string;
  /** The Workspace's domain. */
  readonly domain: string | undefined;
}

function person(email: string, sub: string, domain?: string): Person {
  const [local = ""] = email.split("@");
  const [given = "", family = ""] = local.split(".");
  const title = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
  return { email, givenName: title(given), familyName: title(family), sub, domain };
}

export const PEOPLE: readonly Person[] = [
  person("alice.anders@contoso.example", "110000000000000000001", "contoso.example"),
  person("bob.brandt@contoso.example", "110000000000000000002", "contoso.example"),
  person("dave.dahl@gmail.example", "110000000000000000004"),
];

export const displayName = (who: Person) => `${who.givenName} ${who.familyName}`;

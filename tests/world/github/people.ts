/** Who has an account at the emulated GitHub. The emulator counts ids upwards in this order: add at the end. */
export interface Person {
  readonly login: string;
  readonly name: string;
  readonly email: string;
}

export const PEOPLE: readonly Person[] = [
  { login: "alice-anders", name: "Alice Anders", email: "alice.anders@contoso.example" },
  { login: "bob-brandt", name: "Bob Brandt", email: "bob.brandt@contoso.example" },
  { login: "carol-costa", name: "Carol Costa", email: "carol.costa@fabrikam.example" },
];

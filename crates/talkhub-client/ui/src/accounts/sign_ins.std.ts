// New sign-ins that the person has not yet said anything about: the newest first, few, each device once.
import { decoded, Fields, json } from "../kit/fields.std";

export interface SignIn {
  readonly device: string;
  readonly address: string;
  readonly at: number;
}

/** More than these say nothing that the list of devices does not say better. */
export const MOST = 3;

export const sameDevice = (a: SignIn, b: SignIn): boolean => a.device === b.device && a.address === b.address;

export const add = (held: readonly SignIn[], one: SignIn): readonly SignIn[] => [one, ...held.filter((other) => !sameDevice(one, other))].slice(0, MOST);

export const without = (held: readonly SignIn[], one: SignIn): readonly SignIn[] => held.filter((other) => !sameDevice(one, other));

/** What was kept in this browser; nothing where it cannot be read. */
export function read(text: string | null): readonly SignIn[] {
  const list = text === null ? null : decoded((input) => new Fields({ list: input }).list("list", signIn), json(text));
  return (list ?? []).slice(0, MOST);
}

function signIn(input: unknown): SignIn {
  const from = new Fields(input, "sign-in");
  return { device: from.text("device"), address: from.text("address"), at: from.number("at") };
}

// New sign-ins as the other devices are told of them: shown until the person says "it was me", in every tab of this browser.
import { signal, type ReadonlySignal } from "@preact/signals";
import { forget, remember, remembered } from "../kit/keep.dom";
import type { ServerFrame, UserId } from "../relay/wire.gen.std";
import { add, read, without, type SignIn } from "./sign_ins.std";

const PLACE = "talkhub-sign-ins:";

const state = signal<readonly SignIn[]>([]);
export const signIns: ReadonlySignal<readonly SignIn[]> = state;

let key = PLACE;

export function begin(user: UserId): void {
  key = PLACE + user;
  state.value = read(remembered(key));
  window.addEventListener("storage", (event) => {
    if (event.key === key) state.value = read(event.newValue);
  });
}

/** One from a device that is known already is no news: it stands in the list of devices. */
export function hear({ device, address, at, new_device }: Extract<ServerFrame, { kind: "signed_in" }>): void {
  if (new_device) keep(add(state.value, { device, address, at }));
}

/** The person knows of it. */
export const wasMe = (one: SignIn): void => keep(without(state.value, one));

/** Nothing of it stays behind in a browser that was signed out. */
export const forgetSignIns = (user: UserId): void => forget(PLACE + user);

function keep(held: readonly SignIn[]): void {
  state.value = held;
  remember(key, held.length === 0 ? null : JSON.stringify(held));
}

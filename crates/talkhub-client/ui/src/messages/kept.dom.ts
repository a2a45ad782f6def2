// This person's outbox: in memory, and on disk where the browser gives storage.
import { signal, type ReadonlySignal } from "@preact/signals";
import { steady } from "../kit/steady.dom";
import type { Me, MessageId, UserId } from "../relay/wire.gen.std";
import { emptyOutbox, isSettled, KEEP_TICKED, reduce, type Entry, type Outbox, type OutboxEvent } from "./outbox.std";
import { openOutboxStore, type OutboxStore } from "./outbox_store.dom";
import { gone, tabName } from "./tabs.dom";

/** How long a message waits for the store to open before it goes on in memory. */
const OPEN_WITHIN = 2_000;

const state = signal<Outbox>(emptyOutbox);
export const outbox: ReadonlySignal<Outbox> = state;
/** The browser refused storage: what is unsent lives only as long as the page. */
export const inMemoryOnly = signal(false);

let store: OutboxStore | null = null;
/** Settles when the store is open, was refused, or takes too long. */
let opened: Promise<void> = Promise.resolve();
let me: UserId | null = null;

export function open(user: Me): Promise<void> {
  me = user.user_id;
  opened = openStore();
  return opened;
}

function openStore(): Promise<void> {
  return new Promise((resolve) => {
    const refused = (): void => {
      inMemoryOnly.value = true;
      resolve();
    };
    const patience = setTimeout(refused, OPEN_WITHIN);
    // Some browsers throw at the very name of it.
    Promise.resolve()
      .then(() => openOutboxStore(window.indexedDB))
      .then(async (made) => {
        store = made;
        if (inMemoryOnly.value) {
          // Late: what went on in memory meanwhile is kept now.
          inMemoryOnly.value = false;
          await Promise.all(state.value.entries.map((entry) => keep(entry)));
        }
        resolve();
      }, refused)
      .finally(() => clearTimeout(patience));
  });
}

export const find = (id: MessageId): Entry | undefined => state.value.entries.find((entry) => entry.id === id);

/** Takes what has happened. What leaves the outbox leaves the disk. */
export function apply(event: OutboxEvent): void {
  const before = state.value.entries;
  state.value = reduce(state.value, event);
  const left = state.value.entries;
  if (left.length < before.length) {
    const ids = new Set(left.map((entry) => entry.id));
    forget(before.filter((entry) => !ids.has(entry.id)));
  }
}

/** Takes them from the disk. */
export const forget = (entries: readonly Entry[]): void => void store?.remove(entries.map((entry) => entry.id)).catch(() => undefined);

/** Resolves when it is on disk, or when there is no disk. */
export async function keep(entry: Entry, durability: "strict" | "relaxed" = "strict"): Promise<void> {
  await opened;
  try {
    await store?.put(entry, durability);
  } catch {
    inMemoryOnly.value = true;
  }
}

/** Keeps an entry as it stands now: stored, or passed on. Were that lost, it would only be asked once more. */
export function keepNow(id: MessageId): void {
  const entry = find(id);
  if (entry) void keep(entry, "relaxed");
}

/**
 * The entries of tabs that are gone, from now on this tab's: of several tabs that look, one gets each. What has had its tick for
 * too long is forgotten on the way.
 */
export async function adopt(): Promise<Entry[]> {
  if (!store || me === null) return [];
  const known = new Set(state.value.entries.map((entry) => entry.id));
  const others = (await store.load(me)).filter((entry) => !known.has(entry.id));
  const tooOld = others.filter((entry) => entry.ticked !== undefined && entry.ticked.at + KEEP_TICKED <= steady());
  forget(tooOld);
  const silent = await gone(new Set(others.map((entry) => entry.tab)));
  return store.claim(others.filter((entry) => silent.has(entry.tab) && !tooOld.includes(entry)), tabName);
}

/** Everything of this person that is neither stored nor thrown away, of every tab of this browser, refused ones too. */
export async function allUnsent(): Promise<Entry[]> {
  const kept = (await (me === null ? null : store?.load(me).catch(() => null))) ?? [];
  const all = new Map([...kept, ...state.value.entries].map((entry) => [entry.id, entry]));
  return [...all.values()].filter((entry) => !isSettled(state.value, entry));
}

/** Signing out on purpose: what had its tick is not kept for another day, and what never went out only if the person said so. */
export async function clear(user: UserId, what: "all" | "ticked"): Promise<void> {
  const kept = (await store?.load(user).catch(() => null)) ?? [];
  const going = kept.filter((entry) => what === "all" || (entry.ticked !== undefined && !entry.refused));
  await store?.remove(going.map((entry) => entry.id)).catch(() => undefined);
}

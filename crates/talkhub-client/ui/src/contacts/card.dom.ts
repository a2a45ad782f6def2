// Whose profile card stands over the page.
import { signal, type ReadonlySignal } from "@preact/signals";
import type { Person } from "../relay/wire.gen.std";

const opened = signal<Person | null>(null);
export const card: ReadonlySignal<Person | null> = opened;

export const showCard = (person: Person): void => void (opened.value = person);

export const closeCard = (): void => void (opened.value = null);

// Small things that this browser remembers. Where storage is blocked they last as long as the page.
const memory = new Map<string, string>();

export function remembered(key: string): string | null {
  try {
    return window.localStorage.getItem(key) ?? memory.get(key) ?? null;
  } catch {
    return memory.get(key) ?? null;
  }
}

/** Every key that begins like this, out of storage and memory. */
export function forget(prefix: string): void {
  for (const key of memory.keys()) if (key.startsWith(prefix)) memory.delete(key);
  try {
    const all = Array.from({ length: window.localStorage.length }, (_, index) => window.localStorage.key(index));
    for (const key of all) if (key?.startsWith(prefix) === true) window.localStorage.removeItem(key);
  } catch {
    // Blocked: then nothing lies there either.
  }
}

export function remember(key: string, value: string | null): void {
  if (value === null) memory.delete(key);
  else memory.set(key, value);
  try {
    if (value === null) window.localStorage.removeItem(key);
    else window.localStorage.setItem(key, value);
  } catch {
    // Blocked or full: the copy in memory serves this page.
  }
}
